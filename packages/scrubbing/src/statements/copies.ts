import { siteAt, type SiteName } from "@filigree/core";
import { DEFAULTS, type CopiesStatement, type SitePart } from "@filigree/hypothesis";
import { donorPairs } from "../data/donors.ts";
import { pathSwap } from "../engine/path-swap.ts";
import { siteSwap } from "../engine/site-swap.ts";
import type { Swap } from "../engine/swaps.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import { adversary, effectsOf } from "./adversary.ts";
import { movedBy } from "./contains.ts";
import { headParts, restOfPrompt, restRequirement } from "./copies-parts.ts";
import { untestable, type ClaimContext, type Evidence } from "./evidence.ts";
import { drawFeatureDonors } from "./feature-donors.ts";
import { shuffledLabels } from "./label-null.ts";
import { runSham } from "./sham.ts";
import {
  allowUnseen,
  effectSample,
  effectSize,
  featureChange,
  recoveredLoss,
  shareIdentical,
  transferFigures,
  unexplainedByFeature,
} from "./swap-figures.ts";
import { featureProblem, positionProblem, swapFilter } from "./testability.ts";

/**
 * `N copies f from A to B via v`: values of N at A, entering the row B only, move the answer to the donor's (transfer),
 * by f and nothing else (r), and N's queries and keys do not carry f themselves (control). `… alone` adds that nothing
 * else moves it: with that path held, all the rest of a donor's prompt does not (rest).
 */
export async function checkCopies(context: ClaimContext, statement: CopiesStatement): Promise<Evidence> {
  const { feature, thresholds, from, to } = statement;
  const { clean } = context;
  const positions = [from, to];
  const problem = featureProblem(context, feature) ?? positionProblem(context, positions);
  if (problem !== undefined) return untestable(problem);
  const filter = swapFilter(context, positions);
  const drawn = drawFeatureDonors(context, feature, filter);
  if ("problem" in drawn) return untestable(drawn.problem);
  const { donors, eq, ne, freedom } = drawn;

  const along = (reference: number, donor: number) => pathSwap(clean, statement, reference, donor);
  const routing = routingParts(context, statement);
  const steer = (reference: number, donor: number) => siteSwap(clean, routing, reference, donor);
  await runSham(context, filter, along);
  const run = (rule: string, lists: readonly (readonly number[])[], swap: (reference: number, donor: number) => Swap) =>
    context.run(
      rule,
      donorPairs(lists).map(({ reference, donor }) => swap(reference, donor)),
    );
  const outcomes = {
    eq: await run(`v ${eq}`, donors.eq, along),
    ne: await run(`v ${ne}`, donors.ne, along),
    any: await run("v ANY", donors.any, along),
    routeEq: await run(`q, k ${eq}`, donors.eq, steer),
    routeNe: await run(`q, k ${ne}`, donors.ne, steer),
  };
  const effects = {
    eq: effectSample(context, outcomes.eq),
    any: effectSample(context, outcomes.any),
    routeNe: effectSample(context, outcomes.routeNe),
  };
  const { transfer, agreement, coverage } = transferFigures(context, feature, outcomes.ne);
  if (!transfer) {
    return untestable(
      coverage < 0.5
        ? `only ${Math.round(100 * coverage)} % of the swaps have a predicted answer: ` +
            `the answer must follow from ${feature} and the other features`
        : `no swap predicts another answer: the answer does not follow ${feature}, where all other features are equal`,
    );
  }
  const r = unexplainedByFeature(context, effects.eq, effects.any);
  const controlFigure = featureChange(context, outcomes.routeNe, outcomes.routeEq);
  const figures: Record<string, Interval> = {
    transfer,
    r,
    control: allowUnseen(controlFigure, context.scale, effects.routeNe),
    V: effectSize(context, effects.any),
    ...(agreement && { agreement }),
    recovered: recoveredLoss(context, outcomes.eq),
    freedom,
  };
  const shuffled = shuffledLabels(context, feature, outcomes.any, r);
  const worst = adversary(context, {
    figure: "r",
    threshold: thresholds.r,
    swaps: effectsOf(outcomes.eq),
    rule: `v ${eq}`,
    base: effectsOf(outcomes.any),
  });
  const rest = await restOfPrompt(context, statement, donors.ne, `rest ${ne}`);
  return {
    figures: { ...figures, ...worst.figures, ...(statement.alone && { rest }) },
    requirements: [
      {
        figure: "transfer",
        relation: ">=",
        threshold: thresholds.transfer,
        otherwise: `values of donors with another ${feature} do not move the answer to theirs along this path`,
        seen: movedBy(transfer),
        rule: `v ${ne}`,
      },
      {
        figure: "V",
        relation: ">=",
        threshold: DEFAULTS.inert,
        otherwise: "the path is inert: no donor's values change the answer",
        rule: "v ANY",
      },
      {
        figure: "r",
        relation: "<=",
        threshold: thresholds.r,
        otherwise: `the path moves more than ${feature}: values of donors with an equal one change the answer too`,
        rule: `v ${eq}`,
      },
      {
        figure: "control",
        relation: "<=",
        threshold: thresholds.control,
        otherwise: `queries and keys carry ${feature} too: the pattern, not only the values, depends on it`,
        rule: `q, k ${ne}`,
      },
      ...(statement.alone ? [restRequirement(feature, thresholds.rest, rest)] : []),
      ...worst.requirements,
    ],
    ...(shuffled.vacuous !== undefined && { vacuous: shuffled.vacuous }),
    controls: [
      shuffled.control,
      ...worst.controls,
      // Another route is no refutation of this one, unless it is claimed to be the only one.
      ...(statement.alone || rest.n === 0
        ? []
        : [{ name: "rest of the prompt, this path held", figures: { transfer: rest } }]),
      ...(await headParts(context, statement, donors.ne)),
    ],
    invariant: outcomes.eq,
    notes: [`${Math.round(100 * shareIdentical(outcomes.eq))} % of the ${eq} swaps wrote what was there`],
  };
}

/** Queries at B and keys at A of the heads: what decides where they look. */
function routingParts({ clean }: ClaimContext, { layer, heads, from, to }: CopiesStatement): SitePart[] {
  const { dHead } = clean.model.config;
  const channels =
    heads === "all" ? "all" : heads.flatMap((h) => Array.from({ length: dHead }, (_, c) => h * dHead + c));
  const part = (site: SiteName, position: SitePart["position"]): SitePart => ({ site, channels, position });
  return [part(siteAt(layer, "attn.q"), to), part(siteAt(layer, "attn.k"), from)];
}
