import { checkOptions, type ModelConfig } from "@filigree/core";
import type { Sparsifier } from "@filigree/sparsifiers";
import { drawBatch, initialState, parseTrainingConfig, Trainer, type TrainerState } from "../src/index.ts";
import { TINY_MODEL, tinyConfig } from "./tiny-run.ts";

const VOCABULARY = 60;

/**
 * A trainer of a tiny model on made-up tokens.
 *
 * @param changes to the tiny configuration
 * @param state to go on from; a new one, where left out
 */
export function trainerOf(
  sparsifier: ConstructorParameters<typeof Trainer>[1],
  changes: Record<string, unknown>,
  state?: TrainerState,
) {
  const run = parseTrainingConfig(tinyConfig(changes), "tiny.json");
  const config: ModelConfig = { ...run.model, vocabSize: VOCABULARY, outSize: VOCABULARY };
  const tokens = Uint16Array.from({ length: 500 }, (_, i) => (i * i * 7 + (i % 11)) % VOCABULARY);
  const start = state ?? initialState(run, config);
  const trainer = new Trainer(run, sparsifier, config, start, undefined);
  const takeStep = () =>
    trainer.takeStep(drawBatch(tokens, run, { seed: run.seed, name: "test", index: trainer.step }));
  return { trainer, config, start, takeStep };
}

/** One of ten steps. */
export async function tinyTrainer(
  sparsifier: Sparsifier,
  { options = {}, optimiser = {}, model = {} }: { options?: object; optimiser?: object; model?: object } = {},
) {
  const chosen = { plugin: sparsifier, options: await checkOptions(sparsifier.options, options, sparsifier.name) };
  return trainerOf(chosen, {
    model: { ...TINY_MODEL, sink: undefined, enable_bigram_table: false, ...model },
    optimiser: { rate: 0.01, warmup: 1, epsilon: 1e-3, gradient: "plain", ...optimiser },
    steps: 10,
  });
}
