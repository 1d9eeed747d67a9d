import { cp, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  disposeModel,
  formatModelCard,
  freezeParameters,
  InputError,
  loadModel,
  parseModelCard,
  runModel,
  saveModel,
  siteName,
  trainBpe,
  useBackend,
  type Model,
  type ModelCard,
} from "../../src/index.ts";
import { fixture } from "../support/fixtures.ts";
import { bits, randomBatch, randomValues, TINY } from "../support/tiny-model.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "filigree-model-"));
});
afterEach(() => rm(directory, { recursive: true }));

const CARD: ModelCard = {
  format: "filigree.model-card/1",
  name: "tiny",
  command: "filigree train",
  codeVersion: "0.0.0",
  data: { description: "none", sha256: "0".repeat(64), files: 1, tokens: 2 },
  sparsifier: { name: "top-k", options: {} },
  optimiser: { name: "adam" },
  steps: 1,
  seed: 0,
  losses: { train: 1, heldOut: 2 },
  nonzeros: {
    block: { nonzero: 1, of: 2 },
    embedding: { nonzero: 1, of: 2 },
    unembedding: { nonzero: 1, of: 2 },
    bigram: { nonzero: 1, of: 2 },
  },
};

function logitsOf(model: Model, number: number): Float32Array {
  return tf.tidy(() =>
    runModel(model, randomBatch(model.config, 2, 7, number))
      .dataSync<"float32">()
      .slice(),
  );
}

describe("a checkpoint", () => {
  test("computes after saving and loading what it computed before, to the bit", async () => {
    await useBackend("wasm");
    const before = tf.memory().numTensors;
    const tokenizer = trainBpe(["def f(): return 'a'"], { vocabSize: 257 });
    const config = { ...TINY, vocabSize: 300, outSize: 300 };
    const values = randomValues(config, 1);
    const means = new Map([[siteName("0.attn.v"), Float32Array.of(1, 2, 3, 4, 5, 6)]]);
    const original: Model = {
      config,
      parameters: freezeParameters(config, values),
      means,
      tokenizer: undefined,
      hash: "",
    };
    await saveModel(directory, { config, values, means, tokenizer, card: CARD });
    expect((await readdir(directory)).sort()).toEqual([
      "config.json",
      "model-card.json",
      "model.safetensors",
      "tokenizer.json",
    ]);
    const loaded = await loadModel(directory);
    expect(loaded.config).toEqual(config);
    expect(loaded.means).toEqual(means);
    expect(loaded.tokenizer!.vocabSize).toBe(257);
    expect(bits(logitsOf(loaded, 1))).toEqual(bits(logitsOf(original, 1)));
    disposeModel(original);
    disposeModel(loaded);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("has the same hash wherever it lies, and another after any change", async () => {
    const values = randomValues(TINY, 2);
    const hashOf = async (name: string, changes: Partial<typeof TINY>, change?: (values: Float32Array) => void) => {
      const copy = new Map([...values].map(([key, data]) => [key, data.slice()]));
      change?.(copy.get("lm_head.weight")!);
      const config = { ...TINY, ...changes };
      await saveModel(join(directory, name), { config, values: copy, means: new Map() });
      const model = await loadModel(join(directory, name));
      disposeModel(model);
      return model.hash;
    };
    const first = await hashOf("a", {});
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await hashOf("b", {})).toBe(first);
    expect(await hashOf("c", { causal: false })).not.toBe(first);
    expect(await hashOf("d", {}, (weights) => (weights[0] = 1 + weights[0]!))).not.toBe(first);
  });

  test("is one and the same on both backends, nearly", async () => {
    const read = async (backend: "wasm" | "cpu") => {
      const model = await loadModel(fixture("golden", "sparse"), backend);
      const logits = logitsOf(model, 3);
      disposeModel(model);
      return logits;
    };
    const [fast, plain] = [await read("wasm"), await read("cpu")];
    fast.forEach((value, i) => expect(value).toBeCloseTo(plain[i]!, 4));
  });
});

describe("a directory that is not a whole checkpoint is refused, and no tensor stays behind", () => {
  const broken: [string, () => Promise<void>, RegExp][] = [
    ["without a config", () => rm(join(directory, "config.json")), /there is no config\.json[^]*checkpoint directory/],
    ["without parameters", () => rm(join(directory, "model.safetensors")), /there is no model\.safetensors/],
    [
      "with truncated parameters",
      () => truncate(join(directory, "model.safetensors"), 20_000),
      /model\.safetensors.*truncated/,
    ],
    ["with empty parameters", () => truncate(join(directory, "model.safetensors"), 0), /truncated: 0 bytes/],
    ["with half a config", () => truncate(join(directory, "config.json"), 30), /config\.json.*not JSON/],
    [
      "with the config of another model",
      async () => {
        const path = join(directory, "config.json");
        await writeFile(path, (await readFile(path, "utf8")).replace('"d_mlp": 36', '"d_mlp": 35'));
      },
      /mlp\.c_fc\.weight" has shape \[36, 20\][^]*shape \[35, 20\]/,
    ],
    [
      "with a damaged tokenizer",
      () => writeFile(join(directory, "tokenizer.json"), '{"model": {}}'),
      /tokenizer\.json/,
    ],
    [
      "with the tokenizer of a larger vocabulary",
      () => writeFile(join(directory, "tokenizer.json"), trainBpe(["a"], { vocabSize: 257 })),
      /tokenizer\.json.*257 tokens[^]*vocabulary of 19/,
    ],
    [
      "with a folder in place of a file",
      async () => {
        await rm(join(directory, "config.json"));
        await mkdir(join(directory, "config.json"));
      },
      /config\.json.*this is not a file/,
    ],
  ];
  test.each(broken)("%s", async (_, damage, message) => {
    await useBackend("wasm");
    const before = tf.memory().numTensors;
    await cp(fixture("golden", "dense"), directory, { recursive: true });
    await damage();
    await expect(loadModel(directory)).rejects.toThrow(message);
    await expect(loadModel(directory)).rejects.toThrow(InputError);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("that does not exist, or is a file", async () => {
    await expect(loadModel(join(directory, "nowhere"))).rejects.toThrow(InputError);
    await writeFile(join(directory, "file"), "");
    await expect(loadModel(join(directory, "file"))).rejects.toThrow(/there is no config\.json/);
  });
});

describe("a model card", () => {
  test("is read as it was written", () => {
    expect(parseModelCard(formatModelCard(CARD), "card")).toEqual(CARD);
  });

  test("of another format is refused", () => {
    const newer = formatModelCard(CARD).replace("model-card/1", "model-card/2");
    expect(() => parseModelCard(newer, "card.json")).toThrow(/card\.json.*"filigree\.model-card\/2"/);
    expect(() => parseModelCard("{}", "card.json")).toThrow(InputError);
    expect(() => parseModelCard("{", "card.json")).toThrow(/card\.json.*not JSON/);
  });
});
