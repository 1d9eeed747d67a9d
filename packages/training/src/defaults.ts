/**
 * What a configuration means where it says nothing: a small sparse model by the published schedule, which trains on a
 * laptop in a quarter of an hour.
 */
export const DEFAULTS = {
  /** Keys of `config.json`. `n_head` and `d_mlp` follow from the widths. */
  model: { n_layer: 2, d_model: 128, d_head: 16, afrac: 0.25, sink: true, enable_bigram_table: true },
  data: { text: "text" },
  tokenizer: { vocabSize: 1024 },
  bigram: { minCount: 20, scale: "above-floor" },
  context: 128,
  batch: 12,
  shards: 2,
  steps: 4000,
  optimiser: {
    beta1: 0.9,
    beta2: 0.95,
    /** One step of warm-up for so many steps. */
    stepsPerWarmup: 100,
    gradient: "rms-normalised",
    weightDecay: 0,
    "rms-normalised": { rate: 0.0128, epsilon: 0.1 },
    "rms-clipped": { rate: 0.0128, epsilon: 0.1 },
    plain: { rate: 0.003, epsilon: 1e-7 },
  },
  sparsifier: {
    name: "top-k",
    options: { block: 0.04, embedding: 0.2, anneal: "linear", annealUntil: 0.5, sharkfin: "normalised" },
  },
  seed: 0,
  checkpointEvery: 250,
  evaluateEvery: 250,
} as const;

/** A configuration to begin with: what most runs change, with its defaults. */
export function starterConfig(): string {
  const { model, tokenizer, context, batch, steps, sparsifier, seed } = DEFAULTS;
  const { n_layer, d_model } = model;
  const config = {
    format: "filigree.training/1",
    name: "python-tiny",
    data: { root: "source", files: ["**/*.py"], description: "Python source" },
    model: { n_layer, d_model },
    tokenizer,
    context,
    batch,
    steps,
    sparsifier,
    seed,
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
