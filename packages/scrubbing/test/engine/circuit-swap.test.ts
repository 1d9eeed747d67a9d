import { disposeModel, nodeSites, randomStream, seed, siteWidth, type NodeMask } from "@filigree/core";
import { afterAll, expect, test } from "vitest";
import { drawDataset } from "../../src/data/dataset.ts";
import { CircuitSwaps, complement } from "../../src/engine/circuit-swap.ts";
import { CleanRuns } from "../../src/engine/clean-runs.ts";
import { SwapRunner } from "../../src/engine/run-swaps.ts";
import { siteSwap } from "../../src/engine/site-swap.ts";
import { copierTask, plantedCopier } from "../support/planted-copier.ts";

const model = await plantedCopier();
const dataset = drawDataset(copierTask(), model, { split: "test", count: 40, seed: seed(1) });
const clean = new CleanRuns(model, dataset);
const onBatch = () => Promise.resolve();
afterAll(() => disposeModel(model));

/** Half of the nodes. */
function drawMask(number: number): NodeMask {
  const random = randomStream(seed(number), "test/mask");
  return new Map(
    nodeSites(model.config).map((site) => {
      return [site, Float32Array.from({ length: siteWidth(model.config, site) }, () => random.integer(2))];
    }),
  );
}

const pairs = dataset.examples.flatMap((x) => {
  const y = dataset.examples.find((y) => y.index !== x.index && y.ids.length === x.ids.length);
  return y ? [{ reference: x.index, donor: y.index }] : [];
});

test.each([false, true])(
  "a circuit among donors is a swap of all nodes outside it (norms held: %s)",
  async (normsHeld) => {
    const runner = new SwapRunner(clean);
    const circuits = new CircuitSwaps(clean, pairs, { onBatch, normsHeld });
    for (const number of [1, 2]) {
      const keep = drawMask(number);
      const parts = [...complement(keep)].map(([site, gates]) => {
        const channels = [...gates.keys()].filter((channel) => gates[channel] === 1);
        return { site, channels, position: { kind: "all" } } as const;
      });
      const swaps = pairs.map(({ reference, donor }) => siteSwap(clean, parts, reference, donor));
      const single = await runner.run(swaps, { counted: new Set(), normsHeld, onBatch });
      const whole = await circuits.resample(keep);
      expect(whole).toHaveLength(pairs.length);
      for (const { reference, after } of whole) {
        const same = single[pairs.findIndex((pair) => pair.reference === reference)]!;
        after.forEach((value, i) => expect(value).toBeCloseTo(same.after[i]!, 5));
      }
      expect(whole.some(({ delta2 }) => delta2 > 0.01)).toBe(true);
    }
    runner.dispose();
  },
);

test("held norms matter in this model", async () => {
  const [live, held] = [false, true].map((normsHeld) => new CircuitSwaps(clean, pairs, { onBatch, normsHeld }));
  const keep = drawMask(1);
  const difference = (await held!.resample(keep)).map(({ kl }, i) => [kl, i] as const);
  const other = await live!.resample(keep);
  expect(difference.some(([kl, i]) => Math.abs(kl - other[i]!.kl) > 1e-3)).toBe(true);
});

test("donors whose runs are not kept are run again, with the same bits, and counted once", async () => {
  const masks = [1, 2, 3].map(drawMask);
  const through = async (keptBytes?: number) => {
    let sequences = 0;
    const count = (batch: number) => Promise.resolve(void (sequences += batch));
    const circuits = new CircuitSwaps(clean, pairs, { onBatch: count, normsHeld: false, keptBytes });
    const outcomes = [];
    for (const mask of masks) outcomes.push(await circuits.resample(mask));
    return { outcomes, sequences };
  };
  const kept = await through();
  expect(await through(0)).toEqual(kept);
  expect(kept.sequences).toBe((masks.length + 1) * pairs.length);
});
