import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import {
  crossEntropy,
  disposeModel,
  freezeParameters,
  listSites,
  loadModel,
  readCheckpoint,
  recordSites,
  runModel,
  siteWidth,
  toFloat32,
  useBackend,
  type Activation,
  type BackendName,
  type Model,
  type SiteName,
  type TokenBatch,
} from "../src/index.ts";
import { fixture, readTensors } from "./support/fixtures.ts";

// Every activation as independent programs compute it: OpenAI's own code on random models (openai/), and
// fixtures/make_golden.py over the grid of options (golden/).

/** Absolute. OpenAI's float32 itself lies up to 6e-6 off what double precision gives for these models. */
const TOLERANCE = 1e-5;

const GOLDEN = readdirSync(fixture("golden"));
const OPENAI = readdirSync(fixture("openai"));

interface Recorded {
  readonly tokens: TokenBatch;
  readonly targets: Int32Array | undefined;
  readonly loss: number | undefined;
  /** [batch, seq, channels]; patterns are [batch, head, query, key]. */
  readonly sites: ReadonlyMap<SiteName, Float32Array>;
}

/** Both programs' files: OpenAI's names have a prefix, and its ids another name. */
function readRecorded(folder: string): Recorded {
  const file = readTensors(join(folder, "expected.safetensors"));
  const idsOf = (name: string) => Int32Array.from(toFloat32(file.get(name)!));
  const idsName = file.has("ids") ? "ids" : "idx";
  const [batch, seq] = file.get(idsName)!.shape as [number, number];
  const others = ["ids", "idx", "targets", "loss"];
  return {
    tokens: { ids: idsOf(idsName), batch, seq },
    targets: file.has("targets") ? idsOf("targets") : undefined,
    loss: file.has("loss") ? toFloat32(file.get("loss")!)[0] : undefined,
    sites: new Map(
      [...file]
        .filter(([name]) => !others.includes(name))
        .map(([name, tensor]) => [name.replace("hook.", "") as SiteName, toFloat32(tensor)]),
    ),
  };
}

/** By how much a site's values [channels, tokens] differ from the recorded ones at most. */
function worstOf(site: SiteName, { channels, tokens, values }: Activation, golden: Float32Array, model: Model): number {
  if (golden.length !== values.length) return Infinity;
  const seq = site.endsWith("pattern") ? channels / model.config.nHead : 1;
  let worst = 0;
  for (let c = 0; c < channels; c++) {
    for (let t = 0; t < tokens; t++) {
      const [b, query] = [Math.floor(t / seq), t % seq];
      const [head, key] = [Math.floor(c / seq), c % seq];
      const at = site.endsWith("pattern")
        ? ((b * model.config.nHead + head) * seq + query) * seq + key
        : t * channels + c;
      const off = Math.abs(values[c * tokens + t]! - golden[at]!);
      if (!(off <= worst)) worst = off;
    }
  }
  return worst;
}

/** What a run gives, beside what was recorded. */
interface Comparison {
  readonly recorded: Recorded;
  readonly sites: readonly SiteName[];
  /** Sites with another number of channels than the config says, and those off by more than the tolerance. */
  readonly faults: readonly string[];
  /** Mean over tokens; undefined where none was recorded. */
  readonly loss: number | undefined;
  readonly tensorsLeft: number;
}

async function compare(folder: string, backend: BackendName, patterns: "fused" | "as values"): Promise<Comparison> {
  const recorded = readRecorded(folder);
  const model = await loadModel(folder, backend);
  const { nLayer } = model.config;
  const before = tf.memory().numTensors;
  const seen = new Map<SiteName, Activation>();
  const layers = patterns === "fused" ? [] : Array.from({ length: nLayer }, (_, i) => i);
  const edit = recordSites(listSites(nLayer), seen);
  const logits = runModel(model, recorded.tokens, { edit, patterns: new Set(layers) });
  const loss = recorded.targets && meanLoss(logits, recorded.targets);
  logits.dispose();
  const tensorsLeft = tf.memory().numTensors - before;
  const faults = [...seen].flatMap(([site, activation]) => {
    const width = site.endsWith("pattern") ? activation.channels : siteWidth(model.config, site);
    if (activation.channels !== width) return [`${site} has ${activation.channels} channels, not ${width}`];
    const golden = recorded.sites.get(site);
    const worst = golden ? worstOf(site, activation, golden, model) : 0;
    return worst < TOLERANCE ? [] : [`${site} is off by ${worst}`];
  });
  disposeModel(model);
  return { recorded, sites: [...seen.keys()], faults, loss, tensorsLeft };
}

function meanLoss(logits: tf.Tensor2D, targets: Int32Array): number {
  const losses = tf.tidy(() => crossEntropy(logits, tf.tensor1d(targets, "int32")).dataSync<"float32">());
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

/** The sites of a model, in order, as a run with patterns shows them or as one with fused attention does. */
function sitesOf(nLayer: number, patterns: "fused" | "as values"): SiteName[] {
  return listSites(nLayer).filter((site) => patterns === "as values" || !site.endsWith("pattern"));
}

describe.each(["wasm", "cpu"] as const)("on %s", (backend) => {
  describe.each(["fused", "as values"] as const)("with attention patterns %s", (patterns) => {
    test.each(OPENAI)("OpenAI's %s: logits, loss and each site that its code records", async (name) => {
      const { recorded, sites, faults, loss, tensorsLeft } = await compare(fixture("openai", name), backend, patterns);
      expect(faults).toEqual([]);
      expect(sites).toEqual(sitesOf(2, patterns));
      // OpenAI's code records neither patterns nor the embedding.
      expect(recorded.sites.size).toBe(sitesOf(2, "fused").length - 1);
      expect(loss).toBeCloseTo(recorded.loss!, 5);
      expect(tensorsLeft).toBe(0);
    });

    test.each(GOLDEN)("the model %s: every site", async (name) => {
      const { recorded, sites, faults, tensorsLeft } = await compare(fixture("golden", name), backend, patterns);
      expect(faults).toEqual([]);
      const nLayer = recorded.sites.has("1.resid_in" as SiteName) ? 2 : 1;
      expect(sites).toEqual(sitesOf(nLayer, patterns));
      expect(recorded.sites.size).toBe(listSites(nLayer).length);
      expect(tensorsLeft).toBe(0);
    });
  });
});

test("the drawn models have every option both ways", async () => {
  const seen = new Map<string, Set<unknown>>();
  for (const name of GOLDEN.filter((name) => name.startsWith("drawn"))) {
    const { config, ...model } = await loadModel(fixture("golden", name));
    const note = (key: string, value: unknown) => seen.set(key, (seen.get(key) ?? new Set()).add(value));
    for (const [key, value] of Object.entries(config)) note(key, value);
    for (const place of config.afracLoctypes) note("place", place);
    note("other outputs", config.outSize !== config.vocabSize);
    disposeModel({ config, ...model });
  }
  const counts = Object.fromEntries([...seen].map(([key, values]) => [key, values.size]));
  expect(counts).toMatchObject({
    bias: 2,
    norm: 2,
    lnBias: 2,
    causal: 2,
    activation: 2,
    residualActivation: 2,
    afrac: 4,
    place: 10,
    sink: 2,
    bigram: 2,
    tiedUnembed: 2,
    positions: 3,
    nHead: 4,
    "other outputs": 2,
  });
});

test("waves that a checkpoint leaves out are computed, as near as its own table", async () => {
  await useBackend("wasm");
  const { sites, tokens } = readRecorded(fixture("openai", "sinusoidal_pos"));
  const { config, values, means, hash } = await readCheckpoint(fixture("openai", "sinusoidal_pos"));
  const without = new Map(values);
  expect(without.delete("transformer.wpe.weight")).toBe(true); // so the file had one
  const model: Model = { config, parameters: freezeParameters(config, without), means, hash, tokenizer: undefined };
  const seen = new Map<SiteName, Activation>();
  runModel(model, tokens, { edit: recordSites(listSites(2), seen) }).dispose();
  const worst = [...sites].map(([site, golden]) => worstOf(site, seen.get(site)!, golden, model));
  expect(Math.max(...worst)).toBeLessThan(TOLERANCE);
  disposeModel(model);
});
