import type { RandomStream } from "@filigree/core";
import { expect, test } from "vitest";
import { bootstrap, Resamples, type Sample } from "../../src/index.ts";
import { allowUnseen } from "../../src/statements/swap-figures.ts";
import { decide } from "../../src/verdict.ts";
import { binomialLimit, repetitions, simulatedSample, type Effect } from "../support/simulation.ts";

const ALPHA = 0.05;

/** How often "r ≤ threshold" is supported. */
function supports(
  runs: number,
  name: string,
  threshold: number,
  draw: (random: RandomStream) => { equal: Sample; any: Sample },
): number {
  return repetitions(runs, name).filter((random) => {
    const { equal, any } = draw(random);
    const clusters = any.references / 2;
    const resamples = new Resamples(clusters, random);
    const interval = bootstrap([equal, any], ([e, a]) => e! / a!, { resamples, alpha: ALPHA });
    const r = allowUnseen(interval, any, equal, any);
    const requirements = [{ figure: "r", relation: "<=" as const, threshold, otherwise: "", rule: "EQ" }];
    return (
      decide({ figures: { r }, requirements, controls: [], invariant: [], notes: [] }, ALPHA).verdict === "supported"
    );
  }).length;
}

function perReference(references: number, value: () => number): number[] {
  return Array.from({ length: references }, value);
}

test("at the border, claims are supported no more often than alpha allows", () => {
  const runs = 120;
  const supported = supports(runs, "border", 0.2, (random) => {
    const size = perReference(96, () => random.normal() ** 2);
    const effect =
      (share: number): Effect =>
      (i) =>
        share * size[i]! * (0.5 + random.uniform());
    return { equal: simulatedSample(96, effect(0.2), random), any: simulatedSample(96, effect(1), random) };
  });
  expect(supported).toBeLessThanOrEqual(binomialLimit(runs, ALPHA));
}, 120_000);

test("so they are where one reference in a hundred fails altogether", () => {
  const runs = 50;
  // At the default of 512 examples: 1 % of the references do all that equal values do, and that is just too much.
  const supported = supports(runs, "rare failures", 0.2, (random) => {
    const fails = perReference(512, () => (random.uniform() < 0.01 ? 1 : 0));
    const any: Effect = (i) => (fails[i] === 1 ? 20 : 0.81 * (0.5 + random.uniform()));
    return {
      equal: simulatedSample(512, (i) => 20 * fails[i]!, random),
      any: simulatedSample(512, any, random),
    };
  });
  expect(supported).toBeLessThanOrEqual(binomialLimit(runs, ALPHA));
}, 120_000);

test("what lies well inside is supported: the rule does not merely refuse", () => {
  const runs = 20;
  const supported = supports(runs, "inside", 0.2, (random) => {
    const size = perReference(256, () => 0.5 + random.uniform());
    const effect =
      (share: number): Effect =>
      (i) =>
        share * size[i]! * (0.5 + random.uniform());
    return { equal: simulatedSample(256, effect(0.05), random), any: simulatedSample(256, effect(1), random) };
  });
  expect(supported).toBe(runs);
});

test("an upper bound allows for failures not seen: three in n references, as large as the largest effect", () => {
  const [random] = repetitions(1, "unseen");
  const any = simulatedSample(100, (i) => (i === 7 ? 5 : 1), random!);
  const none = simulatedSample(100, () => 0, random!);
  const interval = { estimate: 0, low: 0, high: 0, n: 100 };
  // Mean effect (99 · 1 + 5) / 100.
  expect(allowUnseen(interval, any, none, any).high).toBeCloseTo(((3 / 100) * 5) / 1.04, 10);
  expect(allowUnseen(interval, any, none).high).toBe(0);
});
