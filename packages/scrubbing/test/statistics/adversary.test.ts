import type { RandomStream } from "@filigree/core";
import { expect, test } from "vitest";
import type { DatasetExample } from "../../src/data/dataset.ts";
import { bootstrap, Resamples } from "../../src/index.ts";
import { adversary } from "../../src/statements/adversary.ts";
import type { ClaimContext } from "../../src/statements/evidence.ts";
import { allowUnseen } from "../../src/statements/swap-figures.ts";
import { sampleOf, type Measurement } from "../../src/statistics/samples.ts";
import { decide } from "../../src/verdict.ts";
import { makeTask } from "../support/make-task.ts";
import { binomialLimit, repetitions } from "../support/simulation.ts";

const ALPHA = 0.05;

/** A dataset of contrast pairs with three features that have nothing to do with anything, and nothing to run. */
function contextOf(examples: number, random: RandomStream): ClaimContext {
  const drafts = Array.from({ length: examples }, (_, i) => ({
    ids: [i],
    answer: i % 2,
    features: { kind: random.integer(2), depth: random.integer(4), size: random.integer(50) },
  }));
  const task = makeTask([0, 1], ["kind", "depth", "size"], drafts);
  const dataset = {
    task,
    positionMatched: false,
    clusters: examples / 2,
    examples: task.examples.map((example, index): DatasetExample => {
      const more = { index, taskIndex: index, answers: [0, 1], cluster: index >> 1, partner: undefined };
      return { ...example, ...more, tokens: String(index) };
    }),
  };
  const resamples = new Resamples(dataset.clusters, random);
  const interval: ClaimContext["interval"] = (samples, figure) =>
    bootstrap(samples, figure, { resamples, alpha: ALPHA });
  const clean = { model: { tokenizer: undefined } };
  return { clean, dataset, interval, random: () => random } as unknown as ClaimContext;
}

/** The verdict on "r ≤ 0.2", the adversary included, where swaps of equal values do `effect` and others do 1 on average. */
function verdictOf(examples: number, random: RandomStream, effect: (x: DatasetExample) => number): string {
  const context = contextOf(examples, random);
  const all = context.dataset.examples;
  const draw = (size: (x: DatasetExample) => number) =>
    all.flatMap((x) =>
      Array.from({ length: 4 }, (): Measurement => {
        const donor = (x.index + 1 + random.integer(examples - 1)) % examples;
        return { reference: x.index, donor, value: size(x) * (0.5 + random.uniform()) };
      }),
    );
  const [swaps, base] = [draw(effect), draw(() => 1)];
  const [equal, any] = [sampleOf(context.dataset, swaps), sampleOf(context.dataset, base)];
  const r = allowUnseen(
    context.interval([equal, any], ([e, a]) => e! / a!),
    any,
    equal,
    any,
  );
  const worst = adversary(context, { figure: "r", threshold: 0.2, swaps, base });
  const own = { figure: "r", relation: "<=" as const, threshold: 0.2, otherwise: "", rule: "EQ" };
  const evidence = {
    figures: { r, ...worst.figures },
    requirements: [own, ...worst.requirements],
    controls: [],
    invariant: [],
    notes: [],
  };
  return decide(evidence, ALPHA).verdict;
}

test("at the border the adversary lets no more be supported than alpha, and well inside it takes nothing away", () => {
  const runs = 30;
  const count = (name: string, effect: number, verdict: string) =>
    repetitions(runs, name).filter((random) => verdictOf(192, random, () => effect) === verdict).length;
  expect(count("border", 0.2, "supported")).toBeLessThanOrEqual(binomialLimit(runs, ALPHA));
  expect(count("inside", 0.1, "supported")).toBe(runs);
}, 120_000);

test("a part of the prompts that fails is found nearly always, though the average passes", () => {
  const runs = 20;
  // A quarter fails with r = 0.45; the average is 0.1125 + 0.015.
  const hidden = (x: DatasetExample) => (x.features["depth"] === 0 ? 0.45 : 0.02);
  const found = repetitions(runs, "hidden part").map((random) => verdictOf(512, random, hidden));
  expect(found).not.toContain("supported");
  expect(found.filter((verdict) => verdict === "refuted").length).toBeGreaterThan(0.9 * runs);
}, 120_000);
