import { InputError, nodeId, randomStream, seed, siteName, type NodeId } from "@filigree/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { measureStability } from "../../src/index.ts";
import { bootstrapMeans, clustersOf } from "../../src/evaluation/bootstrap.ts";
import { pearson, spearman } from "../../src/evaluation/correlation.ts";
import { plantedTask } from "../planted-model.ts";

/** Clusters of four values that go together, around a mean of 2. */
function draw(clusters: number, repetition: number): { values: Float64Array; of: Int32Array } {
  const random = randomStream(seed(repetition), "draw");
  const shifts = Array.from({ length: clusters }, () => random.normal());
  const of = Int32Array.from({ length: 4 * clusters }, (_, i) => Math.floor(i / 4));
  return { of, values: Float64Array.from(of, (cluster) => 2 + shifts[cluster]! + 0.3 * random.normal()) };
}

describe("bootstrap", () => {
  test("holds the true mean about as often as it says", () => {
    const clusters = 30;
    let held = 0;
    for (let repetition = 0; repetition < 200; repetition++) {
      const { values, of } = draw(clusters, repetition);
      const random = randomStream(seed(repetition), "bootstrap");
      const { low, high } = bootstrapMeans([values], { count: clusters, of }, ([mean]) => mean!, random);
      if (low <= 2 && 2 <= high) held++;
    }
    // 95 % of 200, less the little that a percentile interval of 30 clusters is too narrow by, ± 3.5 deviations.
    expect(held).toBeGreaterThanOrEqual(175);
    expect(held).toBeLessThanOrEqual(199);
  });

  test("pairs its samples: what they share cancels", () => {
    const { values, of } = draw(30, 1);
    const shifted = values.map((value) => value + 0.5);
    const random = randomStream(seed(1), "bootstrap");
    const interval = bootstrapMeans([shifted, values], { count: 30, of }, ([a, b]) => a! - b!, random);
    for (const value of [interval.low, interval.estimate, interval.high]) expect(value).toBeCloseTo(0.5, 9);
  });

  test("bounds nothing from few groups, nor where a figure often has no value", () => {
    const [few, many] = [draw(7, 1), draw(30, 1)];
    const random = () => randomStream(seed(1), "bootstrap");
    const short = bootstrapMeans([few.values], { count: 7, of: few.of }, ([mean]) => mean!, random());
    expect([short.low, short.high, short.n]).toEqual([-Infinity, Infinity, 28]);
    const { estimate } = bootstrapMeans([many.values], { count: 30, of: many.of }, ([mean]) => mean!, random());
    const patchy = bootstrapMeans(
      [many.values],
      { count: 30, of: many.of },
      ([mean]) => (mean! >= estimate ? mean! : NaN),
      random(),
    );
    expect([patchy.low, patchy.high]).toEqual([-Infinity, Infinity]);
  });

  test("groups by template, or by contrast pair where templates are few", () => {
    const task = plantedTask();
    expect(clustersOf(task, task.examples).count).toBe(60);
    const examples = task.examples.map((example) => ({ ...example, template: "one" }));
    const { count, of } = clustersOf({ ...task, examples }, examples);
    expect(count).toBe(60);
    examples.forEach(({ pair }, i) => expect(of[pair!]).toBe(of[i]));
    const templates = task.examples.map((example, i) => ({ ...example, template: `t${i % 10}` }));
    expect(clustersOf({ ...task, examples: templates }, templates).count).toBe(10);
  });
});

describe("correlation", () => {
  test("of ranks follows any rising curve", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 20 }), (xs) => {
        expect(
          spearman(
            xs,
            xs.map((x) => Math.exp(x / 20)),
          ),
        ).toBeCloseTo(1, 9);
        expect(
          spearman(
            xs,
            xs.map((x) => -(x ** 3)),
          ),
        ).toBeCloseTo(-1, 9);
        expect(
          pearson(
            xs,
            xs.map((x) => 3 * x - 1),
          ),
        ).toBeCloseTo(1, 9);
      }),
    );
  });

  test("shares ranks among equals, and has no value for too little", () => {
    // Ranks 0.5, 0.5, 2, 3 against 0, 1, 2, 3: covariance 4.5 of deviations √4.5 · √5.
    expect(spearman([1, 1, 2, 3], [1, 2, 3, 4])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 9);
    expect(pearson([1, 2], [1, 2])).toBeNaN();
    expect(pearson([1, 1, 1], [1, 2, 3])).toBeNaN();
  });
});

describe("stability", () => {
  const site = siteName("0.attn.v");
  const circuit = (...channels: number[]) => ({
    nodes: channels.map((channel) => nodeId(site, channel)),
    edges: channels
      .slice(1)
      .map((channel, i) => ({ from: nodeId(site, channels[i]!), to: nodeId(site, channel), weight: 1 })),
  });

  test("is the mean over pairs of what both have by what either has", () => {
    const { nodes, edges, shared, circuits } = measureStability([circuit(1, 2, 3), circuit(2, 3, 4), circuit(2, 3)]);
    expect(nodes).toBeCloseTo((2 / 4 + 2 / 3 + 2 / 3) / 3, 9);
    expect(edges).toBeCloseTo((1 / 3 + 1 / 2 + 1 / 2) / 3, 9);
    expect([shared, circuits]).toEqual([["0.attn.v.2", "0.attn.v.3"], 3]);
  });

  test("is 1 of equal circuits and 0 of circuits that share nothing", () => {
    expect(measureStability([circuit(1, 2), circuit(2, 1)])).toMatchObject({ nodes: 1 });
    expect(measureStability([circuit(1), circuit(1)])).toMatchObject({ nodes: 1, edges: 1 });
    expect(measureStability([circuit(1, 2), circuit(3, 4)])).toMatchObject({
      nodes: 0,
      edges: 0,
      shared: [] as NodeId[],
    });
  });

  test("needs two circuits", () => {
    expect(() => measureStability([circuit(1)])).toThrow(InputError);
  });
});
