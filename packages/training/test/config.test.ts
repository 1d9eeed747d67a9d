import { expect, test } from "vitest";
import { parseTrainingConfig } from "../src/index.ts";
import { tinyConfig } from "./tiny-run.ts";

test("fills in what is left out", () => {
  const config = parseTrainingConfig(tinyConfig({ optimiser: {} }), "tiny.json");
  expect(config.optimiser).toEqual({
    rate: 3e-3,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-7,
    warmup: 100,
    gradient: "plain",
  });
  expect(config.model.blockSize).toBe(12);
  expect(config.model.norm).toBe("rms");
});

test.each([
  [{ formt: 1 }, /unknown key "formt"/],
  [{ format: "filigree.training/2" }, /filigree\.training\/1/],
  [{ steps: 0 }, /a whole number from 1/],
  [{ batch: 2.5 }, /whole number/],
  [{ sparsifier: { name: "top-q" } }, /there is no sparsifier "top-q"/],
  [{ sparsifier: { name: "top-k", options: { block: 2 } } }, /sparsifier\.options: block/],
  [{ model: { n_layer: 1, n_head: 2, d_model: 8, vocab_size: 5 } }, /follows from the tokenizer/],
  [{ model: { n_layer: 1, n_head: 2, d_modl: 8 } }, /d_modl/],
  [{ optimiser: { rate: -1 } }, /below 0/],
  [{ seed: -1 }, /whole number from 0/],
])("refuses %j", (changes, message) => {
  expect(() => parseTrainingConfig(tinyConfig(changes), "tiny.json")).toThrow(message);
});

test("refuses what is not JSON, naming the file", () => {
  expect(() => parseTrainingConfig("{", "tiny.json")).toThrow(/^tiny\.json: not JSON/);
});
