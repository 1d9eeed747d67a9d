import { disposeModel, nodeSites, parseNodeId, randomStream, seed, siteWidth, type NodeMask } from "@filigree/core";
import { afterAll, describe, expect, test } from "vitest";
import { drawDataset } from "../../src/data/dataset.ts";
import { CircuitSwaps, type CircuitOutcome } from "../../src/engine/circuit-swap.ts";
import { CleanRuns } from "../../src/engine/clean-runs.ts";
import { edgeName, ModelEdges, type ModelEdge } from "../../src/engine/model-edges.ts";
import { zeroFills } from "../../src/statements/circuit-figures.ts";
import { copierTask, plantedCopier } from "../support/planted-copier.ts";

const model = await plantedCopier();
const { config } = model;
const dataset = drawDataset(copierTask(), model, { split: "test", count: 24, seed: seed(1) });
const clean = new CleanRuns(model, dataset);
afterAll(() => disposeModel(model));

const pairs = dataset.examples.flatMap((x) => {
  const y = dataset.examples.find((y) => y.index !== x.index && y.ids.length === x.ids.length);
  return y ? [{ reference: x.index, donor: y.index }] : [];
});
const whole: NodeMask = new Map(
  nodeSites(config).map((site) => [site, new Float32Array(siteWidth(config, site)).fill(1)]),
);
const all = new ModelEdges(model).between(whole);

/** Some nodes that nothing but a weight matrix reads, their edges, and all else. */
function drawReaders(): { readonly edges: ModelEdge[]; readonly rest: NodeMask } {
  const random = randomStream(seed(1), "test/readers");
  const isRead = (name: string) => /act_in|post_act/u.test(name);
  const rest = new Map(
    [...whole].map(([site, gates]) => [site, isRead(site) ? gates.map(() => random.integer(2)) : gates]),
  );
  const edges = all.filter(({ from }) => {
    const { site, channel } = parseNodeId(from);
    return rest.get(site)![channel] === 0;
  });
  return { edges, rest };
}

function expectSame(a: readonly CircuitOutcome[], b: readonly CircuitOutcome[]): void {
  expect(a.some(({ delta2 }) => delta2 > 0.01)).toBe(true);
  for (const [i, { after }] of a.entries()) {
    after.forEach((value, j) => expect(value).toBeCloseTo(b[i]!.after[j]!, 4));
  }
}

describe("all edges out of a node cut are the node replaced", () => {
  const onBatch = () => Promise.resolve();
  const { edges, rest } = drawReaders();

  test("by a donor's values", async () => {
    const swaps = new CircuitSwaps(clean, pairs, { onBatch, normsHeld: false });
    expectSame(await swaps.resample(whole, edges), await swaps.resample(rest));
  });

  test("by constants", async () => {
    const swaps = new CircuitSwaps(clean, pairs, { onBatch, normsHeld: false });
    const fills = zeroFills(config);
    expectSame(await swaps.ablate(whole, fills, edges), await swaps.ablate(rest, fills));
  });
});

test("edges drawn at random join the same sites as often", () => {
  const random = randomStream(seed(2), "test/edges");
  const some = random.sample(all, 40);
  const drawn = new ModelEdges(model).drawAlike(some)(random);
  const ends = (edges: readonly ModelEdge[]) =>
    edges.map(({ from, to }) => `${parseNodeId(from).site} ${parseNodeId(to).site}`).sort();
  expect(ends(drawn)).toEqual(ends(some));
  expect(new Set(drawn.map(edgeName)).size).toBe(drawn.length);
  expect(drawn.map(edgeName)).not.toEqual(some.map(edgeName));
  const known = new Map(all.map((edge) => [edgeName(edge), edge]));
  for (const edge of drawn) expect(known.get(edgeName(edge))).toEqual(edge);
});
