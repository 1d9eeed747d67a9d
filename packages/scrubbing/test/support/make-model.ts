import {
  freezeParameters,
  listParameters,
  SUBLAYER_LOCTYPES,
  randomStream,
  seed,
  useBackend,
  type Model,
  type ModelConfig,
} from "@filigree/core";

/** The plainest model that there is; tests change what they need. */
export const PLAIN: ModelConfig = {
  nLayer: 1,
  nHead: 1,
  dHead: 1,
  dModel: 4,
  dMlp: 1,
  vocabSize: 4,
  outSize: 2,
  blockSize: 8,
  bias: false,
  norm: "none",
  lnBias: true,
  causal: true,
  activation: "relu",
  residualActivation: "identity",
  afrac: null,
  afracLoctypes: SUBLAYER_LOCTYPES,
  sink: false,
  bigram: false,
  tiedUnembed: false,
  positions: "none",
  dPos: 0,
};

/** One entry of a matrix [out, in], or of a table [row, channel]. */
export type Entry = readonly [row: number, column: number, value: number];

/**
 * A model whose parameters are all zero but for the given entries; gains of norms are 1.
 *
 * @param fill the value of every other entry of a parameter, for noise.
 */
export async function makeModel(
  config: ModelConfig,
  entries: Readonly<Record<string, readonly Entry[]>>,
  fill: (name: string, row: number, column: number) => number = () => 0,
): Promise<Model> {
  await useBackend("wasm");
  const values = new Map(
    listParameters(config).map(({ name, shape, role }): [string, Float32Array] => {
      const columns = shape[1] ?? 1;
      const data = Float32Array.from({ length: shape[0]! * columns }, (_, i) =>
        role === "gain" ? 1 : fill(name, Math.floor(i / columns), i % columns),
      );
      for (const [row, column, value] of entries[name] ?? []) data[row * columns + column] = value;
      return [name, data];
    }),
  );
  return modelOf(config, values);
}

/** A model of random weights: none of it was ever trained. */
export async function randomModel(
  config: ModelConfig,
  number: number,
  size = 1,
  entries: Readonly<Record<string, readonly Entry[]>> = {},
): Promise<Model> {
  const random = randomStream(seed(number), "test/random model");
  return makeModel(config, entries, () => size * random.normal());
}

function modelOf(config: ModelConfig, values: ReadonlyMap<string, Float32Array>): Model {
  return {
    config,
    parameters: freezeParameters(config, values),
    means: new Map(),
    tokenizer: undefined,
    hash: "model",
  };
}
