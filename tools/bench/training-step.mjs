import { randomStream, seed, useBackend } from "@filigree/core";
import { chooseSparsifier, drawBatch, initialState, parseTrainingConfig, Trainer } from "@filigree/training";

/**
 * One step of the published recipe: forward, backward, Adam on gradients divided by their root mean square, and the
 * largest weights of each matrix kept. The density is final from the second step on.
 */
export async function trainingStep({ dModel, nLayer, context, batch, vocabSize, density }) {
  await useBackend("wasm");
  const steps = 1_000_000;
  const settings = {
    format: "filigree.training/1",
    name: "bench",
    model: {
      n_layer: nLayer,
      n_head: dModel / 16,
      d_head: 16,
      d_model: dModel,
      d_mlp: 4 * dModel,
      bias: true,
      norm: "rms",
      activation_type: "gelu",
      afrac: 0.25,
      sink: true,
      enable_bigram_table: true,
      positions: "added",
    },
    data: { files: ["*.txt"], description: "random tokens" },
    tokenizer: { vocabSize },
    context,
    batch,
    steps,
    optimiser: { rate: 0.001, epsilon: 0.1, gradient: "rms-normalised" },
    sparsifier: { name: "top-k", options: { block: density, embedding: density, annealUntil: 1 / steps } },
  };
  const run = parseTrainingConfig(JSON.stringify(settings), "the benchmark");
  const config = { ...run.model, vocabSize, outSize: vocabSize };
  const random = randomStream(seed(0), "bench/training");
  const corpus = Uint16Array.from({ length: 50_000 }, () => random.integer(vocabSize));
  const bigrams = Float32Array.from({ length: vocabSize ** 2 }, () => 0.02 * random.uniform());
  const sparsifier = await chooseSparsifier(run.sparsifier, ".");
  const trainer = new Trainer(run, sparsifier, config, initialState(run, config), bigrams);
  return () => {
    trainer.takeStep(drawBatch(corpus, run, { seed: run.seed, name: "bench", index: trainer.step }));
  };
}
