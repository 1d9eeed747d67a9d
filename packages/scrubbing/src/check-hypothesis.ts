import type { Model } from "@filigree/core";
import type { Hypothesis } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import { ClaimTester, type CheckOrigin, type Watch } from "./claim-tester.ts";
import { extendTask, tokenTexts } from "./data/extend-task.ts";
import type { VerdictDocument } from "./document.ts";

export interface CheckHypothesisOptions extends CheckOrigin, Watch {}

/**
 * Tests every claim of a checked hypothesis on a model and a task, one after the other.
 *
 * @param task without what the hypothesis defines: that is added here
 */
export async function checkHypothesis(
  hypothesis: Hypothesis,
  model: Model,
  task: Task,
  options: CheckHypothesisOptions,
): Promise<VerdictDocument> {
  const extended = extendTask(task, hypothesis, tokenTexts(model));
  const tester = new ClaimTester(hypothesis, model, extended, options);
  try {
    return tester.document(await tester.testAll(options), options);
  } finally {
    tester.dispose();
  }
}
