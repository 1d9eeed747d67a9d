import { listParameters, randomStream, saveModel, seed, type ModelConfig, type ParameterValues } from "@filigree/core";

/** A model small enough for any test: two layers, two heads, every option of the architecture switched on. */
export const TINY: ModelConfig = {
  nLayer: 2,
  nHead: 2,
  dHead: 3,
  dModel: 8,
  dMlp: 12,
  vocabSize: 10,
  outSize: 10,
  blockSize: 8,
  bias: true,
  norm: "rms",
  lnBias: true,
  causal: true,
  activation: "gelu",
  residualActivation: "identity",
  afrac: 0.5,
  afracLoctypes: ["attn_in", "mlp_in", "mlp_neuron"],
  sink: true,
  bigram: true,
  tiedUnembed: false,
  positions: "none",
  dPos: 0,
};

/** Random weights for a config, half of them zero; the same every time. */
export function tinyValues(config: ModelConfig = TINY): Map<string, Float32Array> {
  const random = randomStream(seed(1), "cli/test/tiny-model");
  return new Map(
    listParameters(config).map(({ name, shape }) => {
      const size = shape.reduce((product, side) => product * side, 1);
      return [name, Float32Array.from({ length: size }, () => (random.uniform() < 0.5 ? 0 : random.normal()))];
    }),
  );
}

/** Writes a checkpoint of the tiny model, with the given parameters in the place of its own. */
export function saveTinyModel(directory: string, changed: ParameterValues = new Map()): Promise<void> {
  return saveModel(directory, { config: TINY, values: new Map([...tinyValues(), ...changed]), means: new Map() });
}
