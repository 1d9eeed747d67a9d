import type { SitePart } from "@filigree/hypothesis";
import type { SwapOutcome } from "../engine/swaps.ts";
import type { ClaimContext } from "./evidence.ts";
import { drawFeatureDonors, type FeatureDonors } from "./feature-donors.ts";
import { partSwaps } from "./part-swaps.ts";
import { featureProblem, partsFilter, positionProblem } from "./testability.ts";

/** Parts swapped with donors of an equal value of a feature, of another, and with any. */
export interface FeatureSwaps extends Pick<FeatureDonors, "eq" | "ne" | "freedom"> {
  readonly outcomes: Readonly<Record<"eq" | "ne" | "any", readonly SwapOutcome[]>>;
}

/** Swaps the parts of a claim that they carry or contain a feature; or says why the data cannot decide it. */
export async function featureSwaps(
  context: ClaimContext,
  { parts, feature }: { readonly parts: readonly SitePart[]; readonly feature: string },
): Promise<FeatureSwaps | { readonly problem: string }> {
  const positions = parts.map(({ position }) => position);
  const problem = featureProblem(context, feature) ?? positionProblem(context, positions);
  if (problem !== undefined) return { problem };
  const filter = partsFilter(context, parts);
  const drawn = drawFeatureDonors(context, feature, filter);
  if ("problem" in drawn) return drawn;
  const { donors, eq, ne, freedom } = drawn;
  const run = await partSwaps(context, parts, filter);
  const outcomes = { eq: await run(eq, donors.eq), ne: await run(ne, donors.ne), any: await run("ANY", donors.any) };
  return { outcomes, eq, ne, freedom };
}
