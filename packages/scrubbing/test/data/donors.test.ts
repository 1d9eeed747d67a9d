import { randomStream, seed } from "@filigree/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { drawDataset } from "../../src/data/dataset.ts";
import { drawDonors, type DonorRule } from "../../src/data/donors.ts";
import { answerPredictor } from "../../src/data/predicted-answers.ts";
import { PLAIN, randomModel } from "../support/make-model.ts";
import { makeTask, type ExampleDraft } from "../support/make-task.ts";

const anyExamples: fc.Arbitrary<ExampleDraft[]> = fc.array(
  fc.record({
    ids: fc.array(fc.integer({ min: 0, max: 1 }), { minLength: 2, maxLength: 3 }),
    answer: fc.integer({ min: 0, max: 2 }),
    features: fc.record({
      f: fc.integer({ min: 0, max: 2 }),
      g: fc.boolean(),
      nuisance: fc.integer({ min: 0, max: 3 }),
    }),
  }),
  { minLength: 2, maxLength: 14 },
);
const FEATURES = ["f", "g", { name: "nuisance", nuisance: true }];

const model = await randomModel(PLAIN, 1);
const datasetOf = (drafts: readonly ExampleDraft[]) =>
  drawDataset(makeTask([0, 1, 2], FEATURES, drafts), model, { split: "test", count: 100, seed: seed(0) });

test("donors are exactly those that the rule allows", () => {
  fc.assert(
    fc.property(anyExamples, fc.constantFrom<DonorRule["kind"]>("EQ", "NE", "ANY"), (drafts, kind) => {
      const dataset = datasetOf(drafts);
      const rule = kind === "ANY" ? { kind } : { kind, feature: "f" };
      const drawn = drawDonors(dataset, rule as DonorRule, 100, randomStream(seed(0), "test"));
      dataset.examples.forEach((x) => {
        const allowed = dataset.examples.filter((y) => {
          if (x.ids.join() === y.ids.join()) return false;
          const same = x.features["f"] === y.features["f"];
          if (kind === "EQ") return same;
          return kind === "ANY" || (!same && x.features["g"] === y.features["g"]);
        });
        expect([...drawn[x.index]!].sort((a, b) => a - b)).toEqual(allowed.map(({ index }) => index));
      });
    }),
  );
});

test("an allowed contrast partner comes first, and never more donors than asked for", () => {
  const drafts: ExampleDraft[] = Array.from({ length: 12 }, (_, i) => ({
    ids: [i % 2, Math.floor(i / 2) % 2, i % 3],
    answer: i % 2,
    features: { f: i % 2, g: true, nuisance: i },
    pair: i % 2 === 0 ? i + 1 : i - 1,
  }));
  const dataset = datasetOf(drafts);
  const drawn = drawDonors(dataset, { kind: "NE", feature: "f" }, 2, randomStream(seed(3), "test"));
  for (const x of dataset.examples) {
    expect(drawn[x.index]!.length).toBeLessThanOrEqual(2);
    expect(drawn[x.index]![0]).toBe(x.partner);
  }
});

test("donors have the reference's own set of answers", () => {
  const drafts: ExampleDraft[] = Array.from({ length: 8 }, (_, i) => ({
    ids: [0, Math.floor(i / 4), Math.floor(i / 2) % 2, i % 2],
    answer: i % 2,
    foil: i < 4 ? 1 - (i % 2) : 2,
    features: { f: 0, g: true, nuisance: 0 },
  }));
  const dataset = datasetOf(drafts);
  const drawn = drawDonors(dataset, { kind: "ANY" }, 100, randomStream(seed(3), "test"));
  for (const x of dataset.examples) {
    const sets = drawn[x.index]!.map((y) => dataset.examples[y]!.answers.join());
    expect(new Set([...sets, x.answers.join()]).size).toBe(1);
    expect(drawn[x.index]!.length).toBeGreaterThan(0);
  }
});

test("the predicted answer is the one common answer, or there is none", () => {
  fc.assert(
    fc.property(anyExamples, (drafts) => {
      const dataset = datasetOf(drafts);
      const predict = answerPredictor(dataset, "f");
      for (const x of dataset.examples) {
        for (const y of dataset.examples) {
          const alike = dataset.examples.filter(
            (z) => z.features["f"] === y.features["f"] && z.features["g"] === x.features["g"],
          );
          const answers = new Set(alike.map(({ answer }) => answer));
          expect(predict(x, y)).toBe(answers.size === 1 ? alike[0]!.answer : undefined);
        }
      }
    }),
  );
});

test("an answer that the reference cannot give is no prediction", () => {
  const drafts: ExampleDraft[] = [
    { ids: [0, 0], answer: 0, foil: 1, features: { f: 0, g: true, nuisance: 0 } },
    { ids: [0, 1], answer: 2, foil: 1, features: { f: 1, g: true, nuisance: 0 } },
  ];
  const { examples } = datasetOf(drafts);
  expect(answerPredictor(datasetOf(drafts), "f")(examples[0]!, examples[1]!)).toBeUndefined();
});

test("contrast partners are drawn together, each example at most once, also where pairs are not mutual", () => {
  const pairings = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 10, maxLength: 10 });
  fc.assert(
    fc.property(pairings, fc.integer({ min: 1, max: 10 }), (pairs, count) => {
      const drafts = pairs.map((pair, i): ExampleDraft => ({
        ids: [i % 2, i],
        answer: i % 2,
        features: { f: 0, g: true, nuisance: 0 },
        ...(pair !== i && { pair }),
      }));
      const task = makeTask([0, 1, 2], FEATURES, drafts);
      const { examples } = drawDataset(task, model, { split: "test", count, seed: seed(5) });
      const chosen = examples.map(({ taskIndex }) => taskIndex);
      expect(new Set(chosen).size).toBe(chosen.length);
      expect(chosen.length).toBeLessThanOrEqual(count);
      const mutual = chosen.flatMap((i) => {
        const partner = drafts[i]!.pair;
        return partner !== undefined && drafts[partner]!.pair === i ? [partner] : [];
      });
      expect(chosen).toEqual(expect.arrayContaining(mutual));
    }),
  );
});
