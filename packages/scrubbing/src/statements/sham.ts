import type { DonorFilter } from "../data/donors.ts";
import type { Swap } from "../engine/swaps.ts";
import type { ClaimContext } from "./evidence.ts";

/** References that the sham runs on. */
const SHAM_REFERENCES = 64;

/**
 * The sham: x with its own values written back. It must change nothing, to the bit; anything else means that the
 * engine, not the model, makes the effects.
 *
 * @throws Error where it changes anything: our own fault, never the claim's.
 */
export async function runSham(
  context: ClaimContext,
  filter: DonorFilter,
  swap: (reference: number, donor: number) => Swap,
): Promise<void> {
  const swaps = context.dataset.examples
    .filter((example) => filter(example, example))
    .slice(0, SHAM_REFERENCES)
    .map(({ index }) => swap(index, index));
  const outcomes = await context.run("SELF", swaps, { evenIdentical: true });
  const changed = outcomes.find(({ delta2 }) => delta2 !== 0);
  if (changed) {
    throw new Error(
      `The sham swap changed example ${changed.swap.reference} by ${changed.delta2}. The check is not to be trusted.`,
    );
  }
}
