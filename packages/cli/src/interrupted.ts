/** The user stopped the command. The message says what was saved and how to go on. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/**
 * Runs work that Ctrl-C (or a scheduler's SIGTERM) asks to stop: the first signal aborts `signal`, so that the work can
 * save its state; a second one ends the process at once.
 */
export async function interruptible<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const stop = () => controller.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}
