import type { SitePart } from "@filigree/hypothesis";
import { donorPairs, type DonorFilter } from "../data/donors.ts";
import { siteSwap } from "../engine/site-swap.ts";
import type { SwapOutcome } from "../engine/swaps.ts";
import type { ClaimContext } from "./evidence.ts";
import { runSham } from "./sham.ts";

/** Swaps the same parts under several rules; `donors` are lists, one a reference. */
export type PartSwaps = (rule: string, donors: readonly (readonly number[])[]) => Promise<SwapOutcome[]>;

/** Runs the sham of the parts, and then swaps them with donors. */
export async function partSwaps(
  context: ClaimContext,
  parts: readonly SitePart[],
  filter: DonorFilter,
): Promise<PartSwaps> {
  const swap = (reference: number, donor: number) => siteSwap(context.clean, parts, reference, donor);
  await runSham(context, filter, swap);
  return (rule, donors) =>
    context.run(
      rule,
      donorPairs(donors).map(({ reference, donor }) => swap(reference, donor)),
    );
}
