import * as tf from "@tensorflow/tfjs-core";
import {
  disposeModel,
  listSites,
  LOCTYPES,
  parseSite,
  randomStream,
  seed,
  siteAt,
  type Model,
  type ModelConfig,
  type RandomStream,
  type SiteName,
} from "@filigree/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { drawDataset } from "../../src/data/dataset.ts";
import { CleanRuns } from "../../src/engine/clean-runs.ts";
import type { ReadPlace } from "../../src/engine/read-parts.ts";
import { ResumedPass } from "../../src/engine/resumed-pass.ts";
import type { SwapWrite } from "../../src/engine/swaps.ts";
import { runWhole, type SwapResult, type SwapTask } from "../../src/engine/whole-pass.ts";
import { randomModel } from "../support/make-model.ts";
import { makeTask } from "../support/make-task.ts";
import { anyConfig } from "../support/random-case.ts";

// The fast path against its plain twin: runs resumed where something is written, against whole passes.

/** Every kind of model that there is. */
const everyConfig: fc.Arbitrary<ModelConfig> = fc
  .record({
    config: anyConfig,
    nLayer: fc.constantFrom(1, 2, 3),
    norm: fc.constantFrom("rms", "layer", "none"),
    residualActivation: fc.constantFrom("identity", "relu"),
    everywhere: fc.boolean(),
    positions: fc.constantFrom("none", "added", "concatenated", "sinusoidal"),
    bigram: fc.boolean(),
    tiedUnembed: fc.boolean(),
  })
  .map(({ config, everywhere, positions, ...rest }) => ({
    ...config,
    ...rest,
    positions,
    dPos: positions === "concatenated" || positions === "sinusoidal" ? 2 : 0,
    afracLoctypes: everywhere ? LOCTYPES : config.afracLoctypes,
  }));

const EXAMPLES = 12;

function randomRuns(model: Model, random: RandomStream): CleanRuns {
  const drafts = Array.from({ length: EXAMPLES }, (_, i) => {
    const ids = Array.from({ length: 3 + random.integer(4) }, () => random.integer(model.config.vocabSize));
    const answer = i % 2;
    return { ids, answer, position: 1 + random.integer(ids.length - 1), features: {} };
  });
  const dataset = drawDataset(makeTask([0, 1], [], drafts), model, { split: "test", count: EXAMPLES, seed: seed(1) });
  return new CleanRuns(model, dataset);
}

function someOf(random: RandomStream, count: number): number[] {
  const chosen = Array.from({ length: count }, (_, i) => i).filter(() => random.integer(2) === 0);
  return chosen.length > 0 ? chosen : [random.integer(count)];
}

/** Anything that can be written to a run: some channels, with values of its own, of another run, or new ones. */
function randomWrite(clean: CleanRuns, reference: number, site: SiteName, random: RandomStream): SwapWrite {
  const { ids } = clean.dataset.examples[reference]!;
  const position = random.integer(ids.length);
  const own = clean.columns(site, reference);
  const width = own.length / ids.length;
  const channels = random.integer(2) === 0 ? undefined : someOf(random, width);
  const written = channels ?? Array.from({ length: width }, (_, c) => c);
  const kept = random.integer(4) === 0;
  // No run shows anything at keys that its query does not see.
  const isHidden = (c: number) =>
    parseSite(site).kind === "attn.pattern" && clean.model.config.causal && c % ids.length > position;
  const values = Float32Array.from(written, (c) => {
    return kept || isHidden(c) ? own[position * width + c]! : random.normal();
  });
  const receiver =
    parseSite(site).kind === "attn.v" && random.integer(2) === 0 ? random.integer(ids.length) : undefined;
  return { site, channels, position, values, from: "value", receiver };
}

function randomTask(clean: CleanRuns, random: RandomStream): SwapTask {
  const reference = random.integer(EXAMPLES);
  const { ids } = clean.dataset.examples[reference]!;
  const sites = listSites(clean.model.config.nLayer).filter((site) => site !== "logits");
  clean.record(sites);
  const taken = new Set<string>();
  const writes = random
    .sample(sites, 1 + random.integer(3))
    .map((site) => randomWrite(clean, reference, site, random))
    .filter(({ site, position, receiver }) => {
      const place = `${site} ${position} ${receiver}`;
      return !taken.has(place) && taken.add(place);
    });
  const read = random
    .sample(sites, random.integer(3))
    .map((site): ReadPlace => ({ site, channels: undefined, position: random.integer(ids.length) }));
  return { swap: { reference, donor: reference, writes }, read };
}

/**
 * Some of the same writes in the same order, and another one, of the same reference or one of its length: the two runs
 * may begin alike.
 */
function variation(clean: CleanRuns, { swap, read }: SwapTask, random: RandomStream): SwapTask {
  const { examples } = clean.dataset;
  const { ids } = examples[swap.reference]!;
  const others = examples.filter((other) => other.ids.length === ids.length).map(({ index }) => index);
  const reference = random.integer(4) === 0 ? random.sample(others, 1)[0]! : swap.reference;
  const kept = swap.writes.filter(() => random.integer(4) > 0);
  const other = randomWrite(clean, reference, swap.writes[0]!.site, random);
  const isOther = ({ site, position, receiver }: SwapWrite) =>
    site !== other.site || position !== other.position || receiver !== other.receiver;
  const writes = [...kept.filter(isOther), other];
  return { swap: { reference, donor: reference, writes }, read: random.integer(2) === 0 ? read : [] };
}

/** Tasks of which two in three begin like others, as the donors of one reference do. */
function randomTasks(clean: CleanRuns, random: RandomStream, count: number): SwapTask[] {
  const tasks: SwapTask[] = [];
  while (tasks.length < count) {
    const last = tasks.at(-1);
    tasks.push(last && random.integer(3) > 0 ? variation(clean, last, random) : randomTask(clean, random));
  }
  return tasks;
}

function distance(a: SwapResult, b: SwapResult): number {
  const [x, y] = [
    [...a.after, ...a.read],
    [...b.after, ...b.read],
  ];
  expect(x.length).toBe(y.length);
  return Math.max(0, ...x.map((value, i) => Math.abs(value - y[i]!) / Math.max(1, Math.abs(value))));
}

const silent = () => Promise.resolve();

test("a resumed run gives what a whole pass gives, to the bit, in any company", async () => {
  await fc.assert(
    fc.asyncProperty(everyConfig, fc.integer({ min: 1, max: 1e6 }), fc.boolean(), async (config, number, normsHeld) => {
      const model = await randomModel(config, number, 0.6);
      const random = randomStream(seed(number), "test/resumed");
      const clean = randomRuns(model, random);
      const tasks = randomTasks(clean, random, 36);
      const tensors = tf.memory().numTensors;
      const pass = new ResumedPass(clean);
      const resumed = await pass.run(tasks, { normsHeld }, silent);
      const whole = await runWhole(clean, tasks, { normsHeld }, silent);
      tasks.forEach(({ swap }, i) => {
        // What one row receives is a sum in another order.
        const received = swap.writes.some(({ receiver }) => receiver !== undefined);
        expect(distance(whole[i]!, resumed[i]!)).toBeLessThanOrEqual(received ? 1e-5 : 0);
      });
      for (const i of [0, 5]) {
        expect((await pass.run([tasks[i]!], { normsHeld }, silent))[0]).toEqual(resumed[i]);
      }
      pass.dispose();
      expect(tf.memory().numTensors).toBe(tensors);
      disposeModel(model);
    }),
    { numRuns: 60, seed: 1 },
  );
});

test("rows that runs share are computed as far as any of them is read", async () => {
  const config = { ...fc.sample(everyConfig, { numRuns: 1, seed: 5 })[0]!, causal: true, nLayer: 2 };
  const model = await randomModel(config, 5, 0.6);
  const random = randomStream(seed(5), "test/read");
  const clean = randomRuns(model, random);
  const example = clean.dataset.examples.find(({ ids, position }) => position < ids.length - 2)!;
  const { index: reference, ids } = example;
  const site = siteAt(0, "attn.k");
  clean.record([site]);
  const write = (position: number): SwapWrite => {
    const values = clean.column(site, reference, position).map(() => random.normal());
    return { site, position, values, from: "value" };
  };
  const first = write(0);
  const last = ids.length - 1;
  const read: ReadPlace[] = [{ site: siteAt(1, "resid_mid"), channels: undefined, position: last - 1 }];
  const tasks = [[], read].map((read): SwapTask => {
    return { swap: { reference, donor: reference, writes: [first, write(last)] }, read };
  });
  const pass = new ResumedPass(clean);
  expect(await pass.run(tasks, { normsHeld: false }, silent)).toEqual(
    await runWhole(clean, tasks, { normsHeld: false }, silent),
  );
  pass.dispose();
  disposeModel(model);
});

test("a site that shows its own values again changes nothing, whichever site it is", async () => {
  const config = { ...fc.sample(everyConfig, { numRuns: 1, seed: 3 })[0]!, nLayer: 2 };
  const model = await randomModel(config, 3, 0.6);
  const clean = randomRuns(model, randomStream(seed(3), "test/sham"));
  const pass = new ResumedPass(clean);
  for (const site of listSites(2).filter((site) => site !== "logits")) {
    const tasks = clean.dataset.examples.flatMap(({ index, ids }) =>
      ids.map((_, position): SwapTask => {
        clean.record([site]);
        const values = clean.column(site, index, position);
        return {
          swap: { reference: index, donor: index, writes: [{ site, position, values, from: "value" }] },
          read: [],
        };
      }),
    );
    const results = await pass.run(tasks, { normsHeld: false }, silent);
    results.forEach(({ after }, i) => expect(after).toEqual(clean.answers[tasks[i]!.swap.reference]));
  }
  pass.dispose();
  disposeModel(model);
});
