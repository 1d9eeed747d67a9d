import { siteAt } from "@filigree/core";
import { DEFAULTS, type AttendsStatement, type SitePart } from "@filigree/hypothesis";
import { drawDonors } from "../data/donors.ts";
import { hasRoles, roleIndex } from "../data/roles.ts";
import { percent } from "../report/words.ts";
import type { Interval } from "../statistics/bootstrap.ts";
import { sampleOf, type Measurement } from "../statistics/samples.ts";
import { untestable, type ClaimContext, type Evidence } from "./evidence.ts";
import { partSwaps } from "./part-swaps.ts";
import { effectSample, effectSize } from "./swap-figures.ts";
import { donorProblem, partsFilter, positionProblem } from "./testability.ts";

/**
 * `N attends from P to Q expect mass >= m`: the mean of what row P gives to column Q, and that it is the key at Q that
 * draws it: with the key of another token there, taken from a donor at random, the mass falls.
 *
 * Such a swap changes one score of the row, so the mass after it follows from the queries and keys of the clean run:
 * p' = e^s' / (e^s' + Σ over the other keys and the sink), s' = q_P · k' / √dHead.
 */
export async function checkAttends(context: ClaimContext, statement: AttendsStatement): Promise<Evidence> {
  const { layer, head, query, key, thresholds } = statement;
  const { clean, dataset, settings } = context;
  const problem = positionProblem(context, [query, key]);
  if (problem !== undefined) return untestable(problem);
  if (query.kind === "all" || key.kind === "all") {
    return untestable("attention runs from one position to one position: name both");
  }
  const sites = { q: siteAt(layer, "attn.q"), k: siteAt(layer, "attn.k") };
  clean.record(Object.values(sites));
  const { dHead, causal } = clean.model.config;
  const sink = clean.model.parameters.optional(`transformer.h.${layer}.attn.attn_imp.sink_logit`);
  const sinkLogit = sink ? sink.dataSync<"float32">()[head]! : -Infinity;
  const slice = (column: Float32Array) => column.subarray(head * dHead, (head + 1) * dHead);
  const random = context.random("other keys");
  const donors = drawDonors(dataset, { kind: "ANY" }, settings.donors, context.random("ANY"));
  const mass: Measurement[] = [];
  const fall: Measurement[] = [];
  for (const x of dataset.examples) {
    if (!context.isReference(x) || !hasRoles(x, [query, key])) continue;
    const [row, column] = [roleIndex(x, query)!, roleIndex(x, key)!];
    const q = slice(clean.column(sites.q, x.index, row));
    const score = (example: number, token: number) =>
      dot(q, slice(clean.column(sites.k, example, token))) / Math.sqrt(dHead);
    const seen = x.ids.map((_, t) => t).filter((t) => t !== column && (!causal || t <= row));
    const rest = logSumExp([sinkLogit, ...seen.map((t) => score(x.index, t))]);
    const attention = (score: number) => (column > row && causal ? 0 : share(score, rest));
    const p = attention(score(x.index, column));
    mass.push({ reference: x.index, donor: x.index, value: p });
    for (const donor of donors[x.index]!) {
      const y = dataset.examples[donor]!;
      const others = y.ids.map((_, t) => t).filter((t) => t !== roleIndex(y, key));
      if (others.length === 0) continue;
      const after = attention(score(donor, others[random.integer(others.length)]!));
      fall.push({ reference: x.index, donor, value: p - after });
    }
  }
  if (fall.length === 0) return untestable("no example has another token whose key could stand in");
  const V = await effectOfRow(context, statement);
  if (typeof V === "string") return untestable(V);
  const figures = {
    V,
    mass: context.interval([sampleOf(dataset, mass)], ([m]) => m!),
    fall: context.interval([sampleOf(dataset, fall)], ([f]) => f!),
  };
  return {
    figures,
    requirements: [
      {
        figure: "mass",
        relation: ">=",
        threshold: thresholds.mass,
        otherwise: "the head gives that position less of its attention than claimed",
        seen: `that position gets ${percent(figures.mass.estimate)} of the head's attention, on average over ${mass.length} prompts`,
      },
      {
        figure: "fall",
        relation: ">=",
        threshold: DEFAULTS.inert,
        otherwise: "the attention does not depend on the key there: another token's key draws as much",
        seen:
          `of the ${percent(figures.mass.estimate)} of the head's attention that this position gets, ` +
          `${percent(figures.fall.estimate)} go elsewhere with the key of another token there`,
      },
    ],
    // Where a head looks says nothing when nothing comes of it.
    ...(V.low < DEFAULTS.inert && {
      vacuous: "the head may be inert there: what it gives to that row hardly changes the answer",
    }),
    controls: [],
    invariant: [],
    notes: [],
  };
}

/** V of what the head gives to the row, under donors at random; or why there is none. */
async function effectOfRow(
  context: ClaimContext,
  { layer, head, query }: AttendsStatement,
): Promise<Interval | string> {
  const { clean, dataset, settings } = context;
  const { dHead } = clean.model.config;
  const channels = Array.from({ length: dHead }, (_, c) => head * dHead + c);
  const parts: SitePart[] = [{ site: siteAt(layer, "attn.y"), channels, position: query }];
  const filter = partsFilter(context, parts);
  const donors = drawDonors(dataset, { kind: "ANY" }, settings.donors, context.random("ANY for the row"), filter);
  const problem = donorProblem("ANY", donors, context.references);
  if (problem !== undefined) return problem;
  const run = await partSwaps(context, parts, filter);
  return effectSize(context, effectSample(context, await run("ANY", donors)));
}

/** e^score / (e^score + e^rest). */
function share(score: number, rest: number): number {
  return 1 / (1 + Math.exp(rest - score));
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function logSumExp(values: readonly number[]): number {
  const largest = Math.max(...values);
  if (largest === -Infinity) return largest;
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
