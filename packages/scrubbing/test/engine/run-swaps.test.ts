import { disposeModel, randomStream, seed, siteAt, siteName } from "@filigree/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { drawDataset } from "../../src/data/dataset.ts";
import { CleanRuns } from "../../src/engine/clean-runs.ts";
import { readParts } from "../../src/engine/read-parts.ts";
import { SwapRunner } from "../../src/engine/run-swaps.ts";
import { siteSwap } from "../../src/engine/site-swap.ts";
import type { Swap } from "../../src/engine/swaps.ts";
import { copierTask, plantedCopier } from "../support/planted-copier.ts";

const model = await plantedCopier();
const dataset = drawDataset(copierTask(), model, { split: "test", count: 40, seed: seed(1) });
const clean = new CleanRuns(model, dataset);
let runner: SwapRunner;
beforeAll(() => (runner = new SwapRunner(clean)));
afterAll(() => {
  runner.dispose();
  disposeModel(model);
});

const EMBED = [{ site: siteName("embed"), channels: "all", position: { kind: "named", name: "opener" } }] as const;

/** Runs swaps, and counts. */
async function run(swaps: readonly Swap[], counted = new Set<string>(), read: Parameters<typeof readParts>[1] = []) {
  let passes = 0;
  const onBatch = (count: number) => {
    passes += count;
    return Promise.resolve();
  };
  return { outcomes: await runner.run(swaps, { counted, read, onBatch }), passes };
}

/** A swap that changes something: of all donors for the first reference, one that differs. */
function changing(): Swap {
  for (const { index } of dataset.examples) {
    const swap = siteSwap(clean, EMBED, 0, index);
    const own = clean.column(siteName("embed"), 0, swap.writes[0]!.position);
    if (swap.writes[0]!.values.some((value, c) => value !== own[c])) return swap;
  }
  throw new Error("All examples begin alike.");
}

test("swaps that do the same are run once, for all rules of a claim, and share what comes out", async () => {
  const swap = changing();
  const copy = { ...swap, donor: 7, writes: swap.writes.map((write) => ({ ...write, values: write.values.slice() })) };
  const counted = new Set<string>();
  const first = await run([swap, copy, swap], counted);
  expect(first.passes).toBe(1);
  expect(first.outcomes.map(({ after }) => after)).toEqual(Array(3).fill(first.outcomes[0]!.after));
  expect(first.outcomes.map(({ swap }) => swap.donor)).toEqual([swap.donor, 7, swap.donor]);
  expect((await run([copy], counted)).passes).toBe(0);
  // Another claim counts it again, as if it stood alone.
  expect((await run([copy])).passes).toBe(1);
});

test("one bit more or less, another place, another reference: another swap", async () => {
  const swap = changing();
  const [write] = swap.writes;
  const values = write!.values.slice();
  new Int32Array(values.buffer)[0]! ^= 1;
  const moved = dataset.examples.find(({ ids, index }) => {
    if (index === 0 || ids.length <= write!.position) return false;
    return clean.column(write!.site, index, write!.position).some((value, c) => value !== write!.values[c]);
  })!;
  const changed: Swap[] = [
    { ...swap, writes: [{ ...write!, values }] },
    { ...swap, writes: [{ ...write!, site: siteAt(0, "resid_in") }] },
    { ...swap, reference: moved.index },
    {
      ...swap,
      writes: [{ ...write!, channels: Array.from(write!.values.keys()).slice(1), values: write!.values.slice(1) }],
    },
  ];
  expect((await run([swap, ...changed])).passes).toBe(1 + changed.length);
});

test("a swap that writes what is there is not run, and reads what is there", async () => {
  const parts = [{ site: siteAt(1, "resid_mid"), channels: [0, 2], position: { kind: "all" } }] as const;
  const { outcomes, passes } = await run([siteSwap(clean, EMBED, 3, 3)], new Set(), parts);
  expect(passes).toBe(0);
  expect(outcomes[0]).toMatchObject({ identical: true, delta2: 0, kl: 0 });
  expect(outcomes[0]!.read).toEqual(readParts(clean, parts, 3));
});

test("a held part stays, and what is read behind it does too", async () => {
  const swap = changing();
  const held = [{ site: siteAt(0, "resid_mid"), channels: "all", position: { kind: "all" } }] as const;
  const behind = [{ site: siteAt(1, "resid_mid"), channels: "all", position: { kind: "all" } }] as const;
  const holding = { ...swap, writes: [...swap.writes, ...siteSwap(clean, held, 0, 0).writes] };
  const { outcomes } = await run([holding, swap], new Set(), behind);
  expect(outcomes[0]).toMatchObject({ identical: false, delta2: 0 });
  expect(outcomes[0]!.read).toEqual(readParts(clean, behind, 0));
  expect(outcomes[1]!.read).not.toEqual(readParts(clean, behind, 0));
});

test("batches and company have no part in what comes out", async () => {
  const random = randomStream(seed(5), "test/company");
  const swaps = Array.from({ length: 300 }, () => {
    const [x, y] = [random.integer(dataset.examples.length), random.integer(dataset.examples.length)];
    return siteSwap(clean, EMBED, x, y);
  });
  const { outcomes } = await run(swaps);
  const alone = new SwapRunner(clean);
  for (const i of [0, 100, 299]) {
    const [one] = await alone.run([swaps[i]!], { counted: new Set(), onBatch: () => Promise.resolve() });
    expect(one!.after).toEqual(outcomes[i]!.after);
  }
  alone.dispose();
});
