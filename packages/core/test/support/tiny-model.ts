import {
  freezeParameters,
  listParameters,
  SUBLAYER_LOCTYPES,
  randomStream,
  seed,
  type Model,
  type ModelConfig,
  type ParameterValues,
  type SiteName,
  type TokenBatch,
} from "../../src/index.ts";

/** The published architecture at its smallest, with sizes that no vector width divides. */
export const TINY: ModelConfig = {
  nLayer: 2,
  nHead: 2,
  dHead: 3,
  dModel: 11,
  dMlp: 18,
  vocabSize: 13,
  outSize: 13,
  blockSize: 24,
  bias: true,
  norm: "rms",
  lnBias: true,
  causal: true,
  activation: "gelu",
  residualActivation: "identity",
  afrac: 0.5,
  afracLoctypes: SUBLAYER_LOCTYPES,
  sink: true,
  bigram: true,
  tiedUnembed: false,
  positions: "added",
  dPos: 0,
};

/** Random values of every parameter; matrices keep about a third of their entries. */
export function randomValues(config: ModelConfig, number: number): ParameterValues {
  return new Map(
    listParameters(config).map(({ name, shape, role }) => {
      const random = randomStream(seed(number), `test/${name}`);
      const length = shape.reduce((n, size) => n * size, 1);
      const sparse = role === "block" || role === "unembedding" || role === "bigram";
      const value = () => (sparse && random.uniform() > 1 / 3 ? 0 : random.normal());
      return [name, Float32Array.from({ length }, value)];
    }),
  );
}

/** A random model on the backend in use; free it with `disposeModel`. */
export function tinyModel(number: number, changes: Partial<ModelConfig> = {}): Model {
  const config = { ...TINY, ...changes };
  return {
    config,
    parameters: freezeParameters(config, randomValues(config, number)),
    means: new Map<SiteName, Float32Array>(),
    tokenizer: undefined,
    hash: "",
  };
}

export function randomBatch({ vocabSize }: ModelConfig, batch: number, seq: number, number: number): TokenBatch {
  const random = randomStream(seed(number), "test/tokens");
  return { ids: Int32Array.from({ length: batch * seq }, () => random.integer(vocabSize)), batch, seq };
}

/** The bits of floats: equal exactly where the floats are, signs of zero and NaN included. */
export function bits(values: Float32Array): Uint32Array {
  return new Uint32Array(values.slice().buffer);
}
