import { appendFileSync } from "node:fs";
import { disposeModel, type Model } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import type { ClaimVerdict } from "../../src/index.ts";
import { checkText, hypothesisOf, isAccepted } from "./check-text.ts";
import { ExactFigures } from "./exact-figures.ts";
import { some } from "./make-task.ts";
import { mutantsOf, textOf, type Choices, type ClaimForm } from "./mutants.ts";

/** A file to write a row of the table to, over all mutants; tools/verdict-table.mjs sets it. */
const TABLE = process.env["FILIGREE_VERDICT_TABLE"];

/** The seed of the checks and of what is drawn about a planted circuit; `tools/verdict-table.mjs --seed` sets it. */
export const VERDICT_SEED = Number(process.env["FILIGREE_VERDICT_SEED"] ?? 0);

/** Mutants of each model where no table is asked for. */
const FEW = 24;

/** A claim's verdict, and whether it is true by enumeration of every swap. */
export interface Judged {
  readonly text: string;
  readonly verdict: string;
  readonly why: string;
  /** r, or U of a circuit; 0 of a claim that has neither. */
  readonly r: number;
  readonly holds: boolean;
}

/** True claims and their mutants. Mutants that the language refuses as errors are left out: nothing says they hold. */
export async function judgeMutants(
  name: string,
  { model, task }: { readonly model: Model; readonly task: Task },
  truths: readonly ClaimForm[],
  choices: Choices,
): Promise<{ readonly originals: readonly Judged[]; readonly mutants: readonly Judged[] }> {
  const all = mutantsOf(truths, choices).filter((text) => isAccepted(text, model, task));
  const chosen = TABLE === undefined ? some(all, FEW, name) : all;
  const text = ["donors 2", `seed ${VERDICT_SEED}`, ...truths.map(textOf), ...chosen].join("\n");
  const exact = new ExactFigures(model, task);
  const truth = hypothesisOf(text, model, task).claims.map(({ statement }) => exact.holds(statement));
  const { claims } = await checkText(text, model, task);
  disposeModel(model);
  const judged = claims.map((claim, i): Judged => ({ ...pickVerdict(claim), holds: truth[i]! }));
  const [originals, mutants] = [judged.slice(0, truths.length), judged.slice(truths.length)];
  if (TABLE !== undefined) appendFileSync(TABLE, `${JSON.stringify([name, ...rowOf(originals, mutants)])}\n`);
  return { originals, mutants };
}

function pickVerdict({ text, verdict, why, figures }: ClaimVerdict): Omit<Judged, "holds"> {
  return { text, verdict, why, r: figures["r"]?.estimate ?? figures["U"]?.estimate ?? 0 };
}

function rowOf(originals: readonly Judged[], mutants: readonly Judged[]): number[] {
  const count = (list: readonly Judged[], wanted: string) => list.filter(({ verdict }) => verdict === wanted).length;
  const [isFalse, isTrue] = [mutants.filter(({ holds }) => !holds), mutants.filter(({ holds }) => holds)];
  const verdicts = ["supported", "refuted", "vacuous", "inconclusive", "untestable"];
  return [
    count(originals, "supported"),
    isFalse.length,
    ...verdicts.map((verdict) => count(isFalse, verdict)),
    isTrue.length,
    count(isTrue, "supported"),
  ];
}
