import { expect, test } from "vitest";
import { parseTrainingConfig, starterConfig } from "../src/index.ts";
import { tinyConfig } from "./tiny-run.ts";

const MINIMAL = { format: "filigree.training/1", name: "small", data: { files: ["**/*.py"] } };
const parse = (config: unknown) => parseTrainingConfig(JSON.stringify(config), "small.json");

test("a name and globs are enough: the rest is a small sparse model by the published schedule", () => {
  const config = parse(MINIMAL);
  expect(config).toMatchObject({
    data: { root: [], files: ["**/*.py"], text: "text", description: "**/*.py" },
    tokenizer: { vocabSize: 1024 },
    context: 128,
    batch: 12,
    shards: 2,
    steps: 4000,
    stopAfter: 4000,
    optimiser: { rate: 0.0128, epsilon: 0.1, warmup: 40, gradient: "rms-normalised" },
    sparsifier: { name: "top-k", options: { block: 0.04 } },
    seed: 0,
  });
  expect(config.model).toMatchObject({ nLayer: 2, dModel: 128, nHead: 8, dHead: 16, dMlp: 512, blockSize: 128 });
  expect(config.model).toMatchObject({ norm: "rms", afrac: 0.25, sink: true, bigram: true, positions: "none" });
});

test("the widths that are left out follow from those that are given", () => {
  const shape = (model: Record<string, unknown>) => {
    const { nHead, dHead, dModel, dMlp } = parse({ ...MINIMAL, model }).model;
    return [nHead, dHead, dModel, dMlp];
  };
  expect(shape({ d_model: 256 })).toEqual([16, 16, 256, 1024]);
  expect(shape({ d_model: 64, d_head: 32 })).toEqual([2, 32, 64, 256]);
  expect(shape({ n_head: 2, d_model: 64 })).toEqual([2, 32, 64, 256]);
  expect(shape({ d_mlp: 100 })).toEqual([8, 16, 128, 100]);
  expect(parse({ ...MINIMAL, steps: 990 }).optimiser.warmup).toBe(10);
  const plain = parse({ ...MINIMAL, optimiser: { gradient: "plain" } }).optimiser;
  expect(plain).toMatchObject({ rate: 0.003, epsilon: 1e-7 });
});

test("what is printed to begin with means what it says nothing of means", () => {
  const printed = parseTrainingConfig(starterConfig(), "starter.json");
  const { name, data } = printed;
  expect(printed).toEqual({ ...parse(MINIMAL), name, data });
  expect(data).toMatchObject({ root: ["source"], files: ["**/*.py"] });
});

test.each([
  [{ formt: 1 }, /unknown key "formt"/],
  [{ format: "filigree.training/2" }, /filigree\.training\/1/],
  [{ steps: 0 }, /a whole number from 1/],
  [{ batch: 2.5 }, /whole number/],
  [{ shards: 0 }, /shards: 0 found[^]*a whole number from 1/],
  [{ model: { n_layer: 1, n_head: 2, d_model: 8, vocab_size: 5 } }, /follows from the tokenizer/],
  [{ model: { n_layer: 1, n_head: 2, d_modl: 8 } }, /d_modl/],
  [{ optimiser: { rate: -1 } }, /optimiser\.rate: -1 found/],
  [{ optimiser: { beta1: 1 } }, /optimiser\.beta1: 1 found[^]*below 1/],
  [{ stpes: 3 }, /unknown key "stpes"[^]*did you mean "steps"/],
  [{ data: { files: ["*"], rot: "." } }, /unknown key "rot"[^]*did you mean "root"/],
  [{ data: { extensions: [".py"] } }, /data: unknown key "extensions"[^]*files/],
  [{ data: {} }, /data: the key "files" is missing/],
  [{ data: { files: [] } }, /data\.files: no globs/],
  [{ tokenizer: { vocabSize: 300, file: "tokenizer.json" } }, /both "vocabSize" and "file"/],
  [{ model: { d_model: "wide" } }, /d_model/],
  [{ model: { d_model: 100 } }, /model: 100 channels are no whole number of heads of 16/],
  [{ model: { d_model: 8 } }, /model: 8 channels are no whole number of heads of 16/],
  [{ model: { n_head: 3 } }, /model: 128 channels are no whole number for each of 3 heads/],
  [{ seed: -1 }, /whole number from 0/],
])("refuses %j", (changes, message) => {
  expect(() => parseTrainingConfig(tinyConfig(changes), "tiny.json")).toThrow(message);
});

test("refuses what is not JSON, naming the file", () => {
  expect(() => parseTrainingConfig("{", "tiny.json")).toThrow(/^tiny\.json: not JSON/);
});
