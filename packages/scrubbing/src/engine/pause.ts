/** Work may hold its thread for so long before others have a turn. */
const TURN_MS = 50;

let turnBegan = 0;

/**
 * Called between batches: lets the rest of the thread have its turn now and then, so that a page is redrawn and Ctrl-C
 * is heard. It has no part in any result.
 *
 * @throws the signal's reason, where it was aborted
 */
export async function pause(signal: AbortSignal | undefined): Promise<void> {
  if (performance.now() - turnBegan > TURN_MS) {
    await new Promise((resolve) => setTimeout(resolve));
    turnBegan = performance.now();
  }
  signal?.throwIfAborted();
}
