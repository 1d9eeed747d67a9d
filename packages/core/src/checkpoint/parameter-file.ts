import { InputError, didYouMean, siteName, type SiteName } from "@filigree/sites";
import { siteWidth, type ModelConfig } from "../config.ts";
import { listParameters, OPTIONAL_PARAMETERS, type ParameterValues } from "../parameters.ts";
import {
  formatSafetensors,
  fromFloat32,
  fromUint16,
  parseSafetensors,
  toFloat32,
  type SafetensorsFile,
  type StoredTensor,
} from "./safetensors.ts";

// A matrix W of a sparse model is stored as three tensors, `W.counts` (nonzeros of each row), `W.columns` and
// `W.values`, row after row: six bytes a nonzero. `W` itself is then absent.

/** Matrices with fewer nonzeros than this share are stored compressed: three parts of 6 bytes beat one of 4 below it. */
const COMPRESS_BELOW = 0.6;
/** Counts and columns are stored in two bytes. */
const LARGEST_UINT16 = 0xffff;
const PARTS = ["counts", "columns", "values"] as const;
const MEAN = "mean.";

export interface ParameterFile {
  readonly values: ParameterValues;
  readonly means: ReadonlyMap<SiteName, Float32Array>;
}

/**
 * Reads `model.safetensors`: OpenAI's parameter names, dense or compressed, and corpus means as `mean.<site>`.
 *
 * @throws InputError for a missing, unknown or wrong-shaped tensor, and for values that are not finite.
 */
export function parseParameterFile(bytes: Uint8Array, config: ModelConfig, where: string): ParameterFile {
  const file = parseSafetensors(bytes, where);
  const specs = listParameters(config);
  const names = specs.map(({ name }) => name);
  const known = new Set(
    specs.flatMap(({ name, shape }) => [name, ...(shape.length === 2 ? PARTS.map((part) => `${name}.${part}`) : [])]),
  );
  const means = new Map<SiteName, Float32Array>();
  for (const [name, tensor] of file.tensors) {
    if (name.startsWith(MEAN)) means.set(...readMean(name, tensor, config, where));
    else if (!known.has(name)) {
      const hint = didYouMean(name, names);
      throw new InputError({ what: `there is a tensor "${name}" that the config has no place for`, where, hint });
    }
  }
  const values = new Map<string, Float32Array>();
  for (const { name, shape } of specs) {
    const data = readParameter(file, name, shape, where);
    if (data) values.set(name, data);
    else if (!OPTIONAL_PARAMETERS.has(name)) {
      throw new InputError({ what: `the tensor "${name}" is missing`, where, expected: `shape [${shape.join(", ")}]` });
    }
  }
  return { values, means };
}

/** Writes what `parseParameterFile` reads. Equal values give equal bytes. */
export function formatParameterFile(config: ModelConfig, file: ParameterFile): Uint8Array {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape } of listParameters(config)) {
    const data = file.values.get(name);
    if (!data) continue;
    const nonzeros = data.reduce((n, value) => n + (value === 0 ? 0 : 1), 0);
    if (shape.length === 2 && nonzeros < COMPRESS_BELOW * data.length && Math.max(...shape) <= LARGEST_UINT16) {
      for (const [part, tensor] of compress(data, shape as [number, number])) tensors.set(`${name}.${part}`, tensor);
    } else tensors.set(name, fromFloat32(data, shape));
  }
  for (const [site, mean] of file.means) tensors.set(`${MEAN}${site}`, fromFloat32(mean, [mean.length]));
  // Two-byte tensors last, so that the four-byte ones stay aligned.
  const ordered = [...tensors].sort(([, a], [, b]) => Number(a.type === "U16") - Number(b.type === "U16"));
  return formatSafetensors(new Map(ordered), { format: "filigree.parameters/1" });
}

function readParameter(
  file: SafetensorsFile,
  name: string,
  shape: readonly number[],
  where: string,
): Float32Array | undefined {
  const dense = file.tensors.get(name);
  const [counts, columns, values] = PARTS.map((part) => file.tensors.get(`${name}.${part}`));
  const compressed = counts ?? columns ?? values;
  const wanted = `shape [${shape.join(", ")}]`;
  if (dense && compressed) {
    throw new InputError({ what: `"${name}" is stored both whole and compressed`, where, expected: "one of the two" });
  }
  if (dense) {
    if (dense.shape.join() !== shape.join()) {
      throw new InputError({ what: `"${name}" has shape [${dense.shape.join(", ")}]`, where, expected: wanted });
    }
    return finite(toFloat32(dense), name, where);
  }
  if (!compressed) return undefined;
  const [rows, cols] = shape as [number, number];
  if (!counts || !columns || !values || counts.shape[0] !== rows || columns.shape[0] !== values.shape[0]) {
    const expected = `"${name}.counts" of ${rows}, "${name}.columns" and "${name}.values" of one length`;
    throw new InputError({ what: `the compressed matrix "${name}" is not whole`, where, expected });
  }
  const rowCounts = toFloat32(counts);
  const columnOf = toFloat32(columns);
  const data = finite(toFloat32(values), name, where);
  const matrix = new Float32Array(rows * cols);
  let k = 0;
  for (let r = 0; r < rows; r++) {
    for (const end = k + rowCounts[r]!; k < end; k++) {
      const c = columnOf[k];
      if (c === undefined || !Number.isInteger(c) || c < 0 || c >= cols) {
        throw new InputError({ what: `row ${r} of "${name}" names column ${c}`, where, expected: wanted });
      }
      matrix[r * cols + c] = data[k]!;
    }
  }
  if (k !== data.length) {
    throw new InputError({ what: `the row counts of "${name}" add up to ${k}`, where, expected: `${data.length}` });
  }
  return matrix;
}

function compress(data: Float32Array, [rows, cols]: [number, number]): [string, StoredTensor][] {
  const counts = new Uint16Array(rows);
  const columns: number[] = [];
  const values: number[] = [];
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue;
    counts[Math.floor(i / cols)]!++;
    columns.push(i % cols);
    values.push(data[i]!);
  }
  return [
    ["counts", fromUint16(counts)],
    ["columns", fromUint16(columns)],
    ["values", fromFloat32(Float32Array.from(values), [values.length])],
  ];
}

function readMean(name: string, tensor: StoredTensor, config: ModelConfig, where: string): [SiteName, Float32Array] {
  const site = siteName(name.slice(MEAN.length));
  const width = siteWidth(config, site);
  if (tensor.shape.join() !== String(width)) {
    const what = `"${name}" has shape [${tensor.shape.join(", ")}]`;
    throw new InputError({ what, where, expected: `shape [${width}]` });
  }
  return [site, finite(toFloat32(tensor), name, where)];
}

function finite(values: Float32Array, name: string, where: string): Float32Array {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return values;
  throw new InputError({
    what: `"${name}" holds ${values[at]} at element ${at}`,
    where,
    expected: "finite numbers",
    hint: "the training run diverged, or the file is damaged",
  });
}
