import type { Model } from "@filigree/core";
import { checkCircuit, formatDiagnostic, parseCircuit, type Environment, type Hypothesis } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import { taskNames } from "../../src/data/extend-task.ts";
import { checkHypothesis, type ClaimVerdict, type TraceLine, type VerdictDocument } from "../../src/index.ts";

/** Whether a text has no errors: some mutants are refused before anything is run. */
export function isAccepted(text: string, model: Model, task: Task): boolean {
  const { tree, diagnostics } = parseCircuit(text, "test.circuit");
  return diagnostics.length === 0 && checkCircuit(tree, environmentOf(model, task)).hypothesis !== undefined;
}

/** What a `.circuit` text means for a model and a task. Errors of the text fail the test. */
export function hypothesisOf(text: string, model: Model, task: Task): Hypothesis {
  const { tree, diagnostics } = parseCircuit(text, "test.circuit");
  const checked = checkCircuit(tree, environmentOf(model, task));
  const wrong = [...diagnostics, ...checked.diagnostics].map((one) => formatDiagnostic(one, text));
  if (!checked.hypothesis) throw new Error(wrong.join("\n"));
  return checked.hypothesis;
}

function environmentOf(model: Model, task: Task): Environment {
  return { shape: model.config, task: taskNames(task) };
}

/** Checks a `.circuit` text on a model and a task that are at hand. */
export function checkText(
  text: string,
  model: Model,
  task: Task,
  trace?: (line: TraceLine) => void,
): Promise<VerdictDocument> {
  const options = { file: "test.circuit", fileHash: "", backend: "wasm", trace };
  return checkHypothesis(hypothesisOf(text, model, task), model, task, options);
}

/** The verdict of each claim by its text. */
export function verdicts(document: VerdictDocument): Record<string, string> {
  return Object.fromEntries(document.claims.map(({ text, verdict }) => [text, verdict]));
}

/** The one claim of a text. */
export async function checkClaim(claim: string, model: Model, task: Task, settings = ""): Promise<ClaimVerdict> {
  return (await checkText(`${settings}\n${claim}`, model, task)).claims[0]!;
}
