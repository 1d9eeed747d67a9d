import type { SufficientStatement } from "@filigree/hypothesis";
import { sampleOf } from "../statistics/samples.ts";
import { adversary } from "./adversary.ts";
import {
  klScale,
  meanOf,
  NULL_REFERENCES,
  quantileOf,
  RANDOM_CIRCUITS,
  recoveredBy,
  sampleFrom,
  measurementsOf,
  summary,
} from "./circuit-figures.ts";
import { untestable, type ClaimContext, type Evidence } from "./evidence.ts";
import { allowUnseen, ratio } from "./swap-figures.ts";
import { openWholeFile, overRandomPlaces, runWhole } from "./whole-file.ts";

/**
 * `circuit is sufficient`, where the file's claims say what each of its sites is a value of: the frame's run, with each
 * named node showing what it shows for a datum that agrees with its parent's in the node's feature alone, answers as the
 * reference does (U), and does so better than with most random nodes in the places of the named ones.
 */
export async function checkWholeFile(context: ClaimContext, statement: SufficientStatement): Promise<Evidence> {
  const { dataset } = context;
  const whole = await openWholeFile(context);
  if ("problem" in whole) return untestable(whole.problem);
  const { graph, draws, freedom } = whole;
  const outcomes = await runWhole(context, "whole interpretation", graph.held, draws);

  const base = klScale(context, draws);
  const scale = sampleOf(dataset, base);
  const kl = sampleFrom(context, outcomes, (outcome) => outcome.kl);
  const U = allowUnseen(ratio(context, kl, scale), scale, kl);
  const tried = adversary(context, {
    figure: "U",
    threshold: statement.thresholds.U,
    swaps: measurementsOf(outcomes, (outcome) => outcome.kl),
    rule: "whole interpretation",
    base,
  });
  const few = draws.slice(0, NULL_REFERENCES);
  const nulls = await overRandomPlaces(context, whole, few);
  const own = meanOf(outcomes.slice(0, few.length).map((outcome) => outcome.kl));
  const scaleFew = meanOf(base.slice(0, few.length).map(({ value }) => value));
  return {
    figures: {
      U,
      recovered: recoveredBy(context, outcomes),
      ...(freedom && { freedom }),
      ...tried.figures,
    },
    requirements: [
      {
        figure: "U",
        relation: "<=",
        threshold: statement.thresholds.U,
        otherwise: "what the claims together do not name, or what their features leave open, changes the answers too",
        rule: "whole interpretation",
      },
      ...tried.requirements,
    ],
    ...(own >= quantileOf(nulls, 0.05) && {
      vacuous: `${RANDOM_CIRCUITS} times random channels and places in the named ones' stead explain as much`,
    }),
    controls: [
      { name: "random circuits", figures: { U: summary(nulls.map((draw) => draw / scaleFew)) } },
      ...tried.controls,
    ],
    invariant: outcomes.map((outcome) => ({
      ...outcome,
      swap: { reference: outcome.reference, donor: outcome.donor, writes: [] },
      identical: outcome.delta2 === 0,
      read: new Float32Array(0),
    })),
    notes: [
      `unites ${context.united.length} claims: ${graph.roots.map(({ name }) => name).join("; ")} reach the logits`,
    ],
  };
}
