import type { CopiesStatement } from "@filigree/hypothesis";
import { donorPairs } from "../data/donors.ts";
import { headList, pathSwap } from "../engine/path-swap.ts";
import { percent } from "../report/words.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import type { ClaimContext, Control, Requirement } from "./evidence.ts";
import { transferFigures } from "./swap-figures.ts";

/** References that what is only reported is measured on. */
const REPORTED_REFERENCES = 64;

type Donors = readonly (readonly number[])[];

/** The transfer of each head alone. */
export async function headParts(context: ClaimContext, statement: CopiesStatement, donors: Donors): Promise<Control[]> {
  const heads = headList(context.clean.model.config, statement.heads);
  if (heads.length < 2) return [];
  const controls: Control[] = [];
  for (const head of heads) {
    const swaps = fewPairs(donors).map(({ reference, donor }) =>
      pathSwap(context.clean, { ...statement, heads: [head] }, reference, donor),
    );
    const outcomes = await context.run(`v of head ${head}`, swaps);
    const { transfer } = transferFigures(context, statement.feature, outcomes);
    if (transfer) controls.push({ name: `head ${head}`, figures: { transfer } });
  }
  return controls;
}

/**
 * What all the rest of a prompt transfers with the path held as it was: the donor's whole prompt is run, and along the
 * path, for the row B only, the values of the reference come. On a few swaps where that is only reported.
 */
export async function restOfPrompt(
  context: ClaimContext,
  statement: CopiesStatement,
  donors: Donors,
  rule: string,
): Promise<Interval> {
  const { clean } = context;
  const pairs = statement.alone ? donorPairs(donors) : fewPairs(donors);
  const held = pairs.map(({ reference, donor }) => pathSwap(clean, statement, donor, reference));
  const outcomes = (await context.run(rule, held)).map((outcome, i) => {
    const { reference, donor } = pairs[i]!;
    return { ...outcome, swap: { ...outcome.swap, reference, donor }, before: clean.answers[reference]! };
  });
  const { transfer } = transferFigures(context, statement.feature, outcomes, { upper: true });
  // The caller's own transfer has a prediction for the same pairs, so there is one; few pairs may all lack it.
  return transfer ?? { estimate: NaN, low: NaN, high: NaN, n: 0 };
}

/** `… alone`: the rest of the prompt moves (almost) nothing. */
export function restRequirement(feature: string, threshold: number, { estimate }: Interval): Requirement {
  return {
    figure: "rest",
    relation: "<=",
    threshold,
    otherwise: `the path is not alone: with it held, the rest of a prompt with another ${feature} moves the answer too`,
    // The swaps that were run go the other way round: what they changed would mislead.
    seen: `with the path held, the rest of a prompt with another ${feature} moves the answers ${percent(estimate)} of the way`,
  };
}

function fewPairs(donors: Donors): { reference: number; donor: number }[] {
  return donorPairs(donors.map((list) => list.slice(0, 1))).slice(0, REPORTED_REFERENCES);
}
