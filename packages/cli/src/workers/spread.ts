import { Interrupted } from "../interrupted.ts";
import { Deal, type PieceSize } from "./deal.ts";
import { Thread, ThreadEnded } from "./thread.ts";
import { openWorkbench, type InputOf, type NewsOf, type OutputOf, type WorkKind } from "./workbenches.ts";

export interface SpreadOptions<Kind extends WorkKind> {
  /** Threads; no more than there are pieces. With one, all is done in this thread. */
  readonly workers: number;
  readonly signal: AbortSignal;
  sizeOf?(input: InputOf<Kind>): PieceSize;
  onNews?(piece: number, news: NewsOf<Kind>): void;
  /** Called as pieces are done, in any order. */
  onDone?(piece: number, output: OutputOf<Kind>): void;
}

/**
 * Does pieces of independent work on several threads. What comes back does not depend on their number: outputs are in
 * the order of the inputs, and where pieces fail, the first of them in that order is what is thrown.
 *
 * @throws Interrupted when the signal fires; all threads are ended then.
 */
export async function spread<Kind extends WorkKind>(
  kind: Kind,
  inputs: readonly InputOf<Kind>[],
  options: SpreadOptions<Kind>,
): Promise<OutputOf<Kind>[]> {
  const workers = Math.min(options.workers, inputs.length);
  return workers <= 1 ? inThisThread(kind, inputs, options) : onThreads(kind, inputs, workers, options);
}

async function inThisThread<Kind extends WorkKind>(
  kind: Kind,
  inputs: readonly InputOf<Kind>[],
  { signal, onNews, onDone }: SpreadOptions<Kind>,
): Promise<OutputOf<Kind>[]> {
  const workbench = await openWorkbench(kind);
  const outputs: OutputOf<Kind>[] = [];
  try {
    for (const [piece, input] of inputs.entries()) {
      // Lets Ctrl-C in.
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      const output = await workbench.do(input, { signal, onNews: (news) => onNews?.(piece, news) });
      outputs.push(output);
      onDone?.(piece, output);
    }
    return outputs;
  } catch (error) {
    throw signal.aborted ? stopped() : error;
  } finally {
    workbench.close();
  }
}

async function onThreads<Kind extends WorkKind>(
  kind: Kind,
  inputs: readonly InputOf<Kind>[],
  workers: number,
  { signal, sizeOf, onNews, onDone }: SpreadOptions<Kind>,
): Promise<OutputOf<Kind>[]> {
  const outputs: OutputOf<Kind>[] = Array.from({ length: inputs.length });
  const deal = new Deal(inputs.map((input) => sizeOf?.(input) ?? { group: "", cost: 1 }));
  let failure: { readonly piece: number; readonly error: unknown } | undefined;
  const serve = async (thread: Thread<Kind>) => {
    for (let piece = deal.next(undefined); piece !== undefined; piece = deal.next(piece)) {
      const current = piece;
      try {
        const output = await thread.do(inputs[current]!, (news) => onNews?.(current, news));
        outputs[current] = output;
        onDone?.(current, output);
      } catch (error) {
        if (error instanceof ThreadEnded) throw error;
        if (!failure || current < failure.piece) failure = { piece: current, error };
        deal.stopAt(failure.piece);
      }
    }
  };
  const threads = Array.from({ length: workers }, () => new Thread(kind));
  try {
    await Promise.race([Promise.all(threads.map(serve)), abortOf(signal)]);
  } finally {
    await Promise.all(threads.map((thread) => thread.end()));
  }
  if (failure) throw failure.error;
  return outputs;
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(stopped());
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

function stopped(): Interrupted {
  return new Interrupted("what was not done yet is lost, and no file was written; the same command starts again");
}
