import { randomStream, seed, type RandomStream } from "@filigree/core";
import { expect, test } from "vitest";
import { bootstrap, Resamples, type Sample } from "../../src/index.ts";
import { repetitions, simulatedSample, type Effect } from "../support/simulation.ts";

const REFERENCES = 80;
const RUNS = 150;

/** Share of runs whose interval holds the truth. */
function coverage(
  name: string,
  truth: number,
  figure: (means: readonly number[]) => number,
  draw: (random: RandomStream) => Sample[],
): number {
  const held = repetitions(RUNS, name).filter((random) => {
    const resamples = new Resamples(REFERENCES / 2, random);
    const { low, high } = bootstrap(draw(random), figure, { resamples, alpha: 0.05 });
    return low <= truth && truth <= high;
  });
  return held.length / RUNS;
}

function normals(count: number, random: RandomStream): number[] {
  return Array.from({ length: count }, () => random.normal());
}

// 92 to 98 % is asked of intervals; the binomial noise of 150 runs (±1.8 % at one standard error) comes on top.
const [LEAST, MOST] = [0.905, 0.995];

test("intervals of a mean hold it as often as they should, where references and donors differ", () => {
  const share = coverage(
    "mean",
    5,
    ([mean]) => mean!,
    (random) => {
      const [own, given] = [normals(REFERENCES / 2, random), normals(REFERENCES / 2, random)];
      const effect: Effect = (i, j) => 5 + own[Math.floor(i / 2)]! + given[Math.floor(j / 2)]!;
      return [simulatedSample(REFERENCES, effect, random)];
    },
  );
  expect(share).toBeGreaterThan(LEAST);
  expect(share).toBeLessThan(MOST);
});

test("intervals of a ratio of skewed effects hold it at least as often", () => {
  const share = coverage(
    "ratio",
    0.25,
    ([part, whole]) => part! / whole!,
    (random) => {
      const own = normals(REFERENCES / 2, random).map((z) => z * z);
      const effect =
        (size: number): Effect =>
        (i, j) =>
          size * (own[Math.floor(i / 2)]! + 0.1 * (j % 7));
      const noisy =
        (size: number): Effect =>
        (i, j) =>
          effect(size)(i, j) * (0.5 + random.uniform());
      return [simulatedSample(REFERENCES, noisy(1), random), simulatedSample(REFERENCES, noisy(4), random)];
    },
  );
  expect(share).toBeGreaterThan(LEAST);
});

test("noise of single swaps makes intervals too wide, never too narrow", () => {
  const share = coverage(
    "noise",
    0,
    ([mean]) => mean!,
    (random) => [simulatedSample(REFERENCES, () => random.normal(), random)],
  );
  expect(share).toBeGreaterThan(LEAST);
});

const options = (clusters: number) => ({
  resamples: new Resamples(clusters, randomStream(seed(1), "test/bootstrap")),
  alpha: 0.05,
});

test("fewer than eight clusters bound nothing, however alike their values are", () => {
  const same = (references: number) => simulatedSample(references, () => 1, randomStream(seed(1), "test/clusters"));
  expect(bootstrap([same(14)], ([m]) => m!, options(7))).toEqual({
    estimate: 1,
    low: -Infinity,
    high: Infinity,
    n: 14,
  });
  expect(bootstrap([same(16)], ([m]) => m!, options(8))).toEqual({ estimate: 1, low: 1, high: 1, n: 16 });
});

test("draws in which the figure has no value count at both ends", () => {
  const random = randomStream(seed(1), "test/undefined");
  const sample = simulatedSample(40, () => random.normal(), random);
  const positive = ([mean]: readonly number[]) => (mean! > 0 ? 1 / mean! : NaN);
  const shifted = { ...sample, values: sample.values.map((value) => value + 0.1) };
  const { estimate, low, high } = bootstrap([shifted], positive, options(20));
  expect(estimate).toBeGreaterThan(0);
  expect([low, high]).toEqual([-Infinity, Infinity]);
});
