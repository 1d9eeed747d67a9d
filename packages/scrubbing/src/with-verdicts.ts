import type { ClaimVerdict, VerdictDocument } from "./document.ts";
import { settleRefutations } from "./verdict.ts";

/**
 * A document with the verdicts of all claims of its file, in their order, as `ClaimTester.test` gives them. What holds of
 * them together is settled here, so they must be all: the refutations, by Holm's procedure, and whether all are met.
 */
export function withVerdicts(document: VerdictDocument, verdicts: readonly ClaimVerdict[]): VerdictDocument {
  const claims = settleRefutations(verdicts, document.settings.alpha);
  return { ...document, claims, met: claims.every(({ met }) => met) };
}
