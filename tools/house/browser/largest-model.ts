import {
  listParameters,
  randomStream,
  seed,
  SUBLAYER_LOCTYPES,
  type ModelConfig,
  type ParameterSpec,
  type RandomStream,
  type StoredValues,
} from "@filigree/core";

/** The shape of the largest model of the benchmark: 1.7 GB as it is published, 20 MB without its zeros. */
export const LARGEST: ModelConfig = {
  nLayer: 8,
  nHead: 128,
  dHead: 16,
  dModel: 2048,
  dMlp: 8192,
  vocabSize: 2048,
  outSize: 2048,
  blockSize: 256,
  bias: true,
  norm: "rms",
  lnBias: true,
  causal: true,
  activation: "gelu",
  residualActivation: "identity",
  afrac: 0.25,
  afracLoctypes: SUBLAYER_LOCTYPES,
  sink: true,
  bigram: true,
  tiedUnembed: false,
  positions: "concatenated",
  dPos: 32,
};

/** The share of nonzeros of each kind of matrix. */
const DENSITY = { block: 1 / 1024, embedding: 1 / 128, unembedding: 1 / 128 };

/** Random parameters of that model. Matrices are drawn as compressed rows and never exist whole. */
export function largestValues(): StoredValues {
  return new Map(listParameters(LARGEST).map((spec) => [spec.name, valuesOf(spec)]));
}

function valuesOf({ name, shape, role }: ParameterSpec): ReturnType<StoredValues["get"]> & object {
  const random = randomStream(seed(0), `test/browser/${name}`);
  const length = shape.reduce((product, size) => product * size, 1);
  if (role === "block" || role === "embedding" || role === "unembedding") {
    return sparse(shape as [number, number], DENSITY[role], random);
  }
  if (role === "gain") return new Float32Array(length).fill(1);
  const scale = { positions: 1, bias: 0.05, sink: 1, bigram: 0.02 }[role];
  return Float32Array.from({ length }, () => scale * (2 * random.uniform() - 1));
}

/** Each row keeps a place in each of equal stretches, so that activations keep their size from layer to layer. */
function sparse([rows, cols]: [number, number], density: number, random: RandomStream) {
  const kept = Math.max(1, Math.round(cols * density));
  const rowStarts = Int32Array.from({ length: rows + 1 }, (_, row) => row * kept);
  const columns = Int32Array.from({ length: rows * kept }, (_, k) =>
    Math.floor((((k % kept) + random.uniform()) * cols) / kept),
  );
  const values = Float32Array.from({ length: rows * kept }, () => random.normal() / Math.sqrt(kept));
  return { rows, cols, rowStarts, columns, values };
}
