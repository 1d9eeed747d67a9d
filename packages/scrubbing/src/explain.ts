import type { Diagnostic } from "@filigree/hypothesis";
import { openCheck, type CheckInput } from "./check.ts";
import type { PlanDocument } from "./plan/plan-document.ts";

/** Either what is wrong with the file, or what its statements compile to. */
export type ExplainOutcome =
  { readonly diagnostics: readonly Diagnostic[] } | { readonly diagnostics: readonly []; readonly plan: PlanDocument };

/**
 * What the statements of a `.circuit` file compile to: donors, swaps and forward passes, without running any. It is the
 * code of the check itself, run dry: swaps are counted where they would be run. The model runs undisturbed only.
 *
 * @throws InputError where the model that the caller names or a node file cannot be read.
 */
export async function explain(input: CheckInput): Promise<ExplainOutcome> {
  const opened = await openCheck(input);
  if (!("tester" in opened)) return opened;
  try {
    return { diagnostics: [], plan: await opened.tester.explain(opened.origin) };
  } finally {
    opened.dispose();
  }
}
