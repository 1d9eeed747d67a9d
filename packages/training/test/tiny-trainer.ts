import { checkOptions, type ModelConfig } from "@filigree/core";
import type { Sparsifier } from "@filigree/sparsifiers";
import { drawBatch, initialState, parseTrainingConfig, Trainer } from "../src/index.ts";
import { tinyConfig } from "./tiny-run.ts";

const VOCABULARY = 60;

/** A trainer of a tiny model on made-up tokens. */
export async function tinyTrainer(
  sparsifier: Sparsifier,
  { options = {}, optimiser = {}, model = {} }: { options?: object; optimiser?: object; model?: object } = {},
) {
  const sizes = { n_layer: 1, n_head: 2, d_head: 4, d_model: 8, d_mlp: 16, afrac: 0.5, enable_bigram_table: false };
  const settings = { rate: 0.01, warmup: 1, epsilon: 1e-3, gradient: "plain", ...optimiser };
  const run = parseTrainingConfig(
    tinyConfig({ model: { ...sizes, ...model }, optimiser: settings, steps: 10 }),
    "tiny.json",
  );
  const config: ModelConfig = { ...run.model, vocabSize: VOCABULARY, outSize: VOCABULARY };
  const tokens = Uint16Array.from({ length: 500 }, (_, i) => (i * i * 7 + (i % 11)) % VOCABULARY);
  const chosen = { plugin: sparsifier, options: await checkOptions(sparsifier.options, options, sparsifier.name) };
  const trainer = new Trainer(run, chosen, config, initialState(run, config), undefined);
  const takeStep = () =>
    trainer.takeStep(drawBatch(tokens, run, { seed: run.seed, name: "test", index: trainer.step }));
  return { trainer, config, takeStep };
}
