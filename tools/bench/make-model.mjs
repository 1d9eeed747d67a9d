import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { listParameters, randomStream, saveModel, seed } from "@filigree/core";

/** Where models are kept between runs, one folder each. */
const CACHE = new URL("../../node_modules/.cache/filigree-bench/", import.meta.url).pathname;

/**
 * Makes a random model and tokens for it, once; gives the folder of its compressed checkpoint and the file of tokens.
 * Matrices have normal weights with the given share of nonzeros, scaled so that activations keep their size.
 */
export async function makeModel({ name, config, density }, rows, length) {
  const directory = join(CACHE, name);
  await mkdir(directory, { recursive: true });
  if (!existsSync(join(directory, "model.safetensors"))) {
    const values = new Map(listParameters(config).map((spec) => [spec.name, valuesOf(spec, density)]));
    await saveModel(directory, { config, values, means: new Map() });
  }
  const tokens = join(directory, `tokens-${rows}x${length}.json`);
  const random = randomStream(seed(1), "bench/tokens");
  const ids = Array.from({ length: rows }, () => Array.from({ length }, () => random.integer(config.vocabSize)));
  await writeFile(tokens, JSON.stringify(ids));
  return { directory, tokens };
}

function valuesOf({ name, shape, role }, density) {
  const random = randomStream(seed(0), `bench/${name}`);
  const length = shape.reduce((product, size) => product * size, 1);
  if (role === "gain") return new Float32Array(length).fill(1);
  if (role === "sink" || name === "final_logits_bias") return new Float32Array(length);
  if (role === "bias") return Float32Array.from({ length }, () => 0.05 * random.normal());
  if (role === "bigram") return Float32Array.from({ length }, () => 0.02 * random.uniform());
  if (role === "positions") return Float32Array.from({ length }, () => random.normal());
  const share = role === "block" ? density.block : density.embedding;
  const scale = 1 / Math.sqrt(Math.max(1, share * shape[1]));
  if (share >= 1) return Float32Array.from({ length }, () => scale * random.normal());
  return sparse(shape, share, () => scale * random.normal(), random);
}

/** Compressed rows in which each entry is there with the given probability: gaps are geometric. */
function sparse([rows, cols], share, value, random) {
  const rowStarts = new Int32Array(rows + 1);
  const columns = [];
  const values = [];
  for (let row = 0; row < rows; row++) {
    let column = -1;
    for (;;) {
      column += 1 + Math.floor(Math.log(1 - random.uniform()) / Math.log(1 - share));
      if (column >= cols) break;
      columns.push(column);
      values.push(value());
    }
    rowStarts[row + 1] = columns.length;
  }
  return { rows, cols, rowStarts, columns: Int32Array.from(columns), values: Float32Array.from(values) };
}
