import { denseRows, sparseRows, type SparseRows } from "@filigree/kernels";
import { InputError, didYouMean, siteName, type SiteName } from "@filigree/sites";
import { siteWidth, type ModelConfig } from "../config.ts";
import { listParameters, type StoredValues } from "../parameters.ts";
import { bytesSource, joinBytes } from "./byte-source.ts";
import {
  fromFloat32,
  fromHalves,
  fromUint16,
  openSafetensors,
  safetensorsParts,
  type StoredTensor,
} from "./safetensors.ts";
import {
  COMPRESS_BELOW,
  countNonzeros,
  readFinite,
  readValues,
  requireFinite,
  type FileTensor,
  type TensorFile,
} from "./tensor-file.ts";

// A matrix W of a sparse model is stored as three tensors, `W.counts` (nonzeros of each row), `W.columns` and
// `W.values`, row after row: six bytes a nonzero, or four where all values are float16. `W` itself is then absent.

/** What the metadata of a file of ours names. Equal parameters then have equal bytes. */
export const PARAMETER_FILE_FORMAT = "filigree.parameters/1";

/** Counts and columns are stored in two bytes. */
const LARGEST_UINT16 = 0xffff;
const PARTS = ["counts", "columns", "values"] as const;
const MEAN = "mean.";

export interface ParameterFile {
  readonly values: StoredValues;
  readonly means: ReadonlyMap<SiteName, Float32Array>;
}

/** Hears how many parameters of how many have been read. */
export type ReadProgress = (read: number, of: number) => void;

/**
 * Reads the bytes of a `model.safetensors`: OpenAI's parameter names, dense or compressed, and corpus means as
 * `mean.<site>`.
 *
 * @throws InputError for a missing, unknown or wrong-shaped tensor, and for values that are not finite.
 */
export async function parseParameterFile(
  bytes: Uint8Array,
  config: ModelConfig,
  where: string,
): Promise<ParameterFile> {
  return readParameters(await openSafetensors(bytesSource(bytes, where)), config);
}

/** The same from any file of tensors. What is compressed or mostly zero never exists whole in memory. */
export async function readParameters(
  file: TensorFile,
  config: ModelConfig,
  onProgress: ReadProgress = () => {},
): Promise<ParameterFile> {
  const { where } = file;
  const specs = listParameters(config);
  const names = specs.map(({ name }) => name);
  const known = new Set(
    specs.flatMap(({ name, shape }) => [name, ...(shape.length === 2 ? PARTS.map((part) => `${name}.${part}`) : [])]),
  );
  const means = new Map<SiteName, Float32Array>();
  for (const [name, tensor] of file.tensors) {
    if (name.startsWith(MEAN)) means.set(...(await readMean(name, tensor, config, where)));
    else if (!known.has(name)) {
      const hint = didYouMean(name, names);
      throw new InputError({ what: `there is a tensor "${name}" that the config has no place for`, where, hint });
    }
  }
  const values = new Map<string, Float32Array | SparseRows>();
  for (const [index, { name, shape, optional }] of specs.entries()) {
    onProgress(index, specs.length);
    const data = await readParameter(file, name, shape);
    if (data) values.set(name, data);
    else if (!optional) {
      throw new InputError({ what: `the tensor "${name}" is missing`, where, expected: `shape [${shape.join(", ")}]` });
    }
  }
  return { values, means };
}

/** Writes what `parseParameterFile` reads. Equal values give equal bytes. */
export function formatParameterFile(config: ModelConfig, file: ParameterFile): Uint8Array {
  return joinBytes(parameterFileParts(config, file));
}

/** The bytes of that file in order. */
export function parameterFileParts(config: ModelConfig, file: ParameterFile): Uint8Array[] {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape } of listParameters(config)) {
    const data = file.values.get(name);
    if (!data) continue;
    const rows = shape.length === 2 ? fewNonzeros(data, shape as [number, number]) : undefined;
    if (rows) for (const [part, tensor] of compressed(rows)) tensors.set(`${name}.${part}`, tensor);
    else tensors.set(name, fromFloat32(data instanceof Float32Array ? data : denseRows(data), shape));
  }
  for (const [site, mean] of file.means) tensors.set(`${MEAN}${site}`, fromFloat32(mean, [mean.length]));
  // Two-byte tensors last, so that the four-byte ones stay aligned.
  const ordered = [...tensors].sort(([, a], [, b]) => Number(a.type !== "F32") - Number(b.type !== "F32"));
  return safetensorsParts(new Map(ordered), { format: PARAMETER_FILE_FORMAT });
}

/** The nonzeros of a matrix, where compressing it saves space and two bytes are enough for a column. */
function fewNonzeros(data: Float32Array | SparseRows, shape: readonly [number, number]): SparseRows | undefined {
  if (Math.max(...shape) > LARGEST_UINT16) return undefined;
  const nonzeros = data instanceof Float32Array ? countNonzeros(data) : data.values.length;
  if (nonzeros >= COMPRESS_BELOW * shape[0] * shape[1]) return undefined;
  return data instanceof Float32Array ? sparseRows(data, ...shape) : data;
}

function compressed({ rows, rowStarts, columns, values }: SparseRows): [string, StoredTensor][] {
  const counts = Uint16Array.from({ length: rows }, (_, r) => rowStarts[r + 1]! - rowStarts[r]!);
  return [
    ["counts", fromUint16(counts)],
    ["columns", fromUint16(columns)],
    ["values", fromHalves(values, [values.length]) ?? fromFloat32(values, [values.length])],
  ];
}

async function readParameter(
  file: TensorFile,
  name: string,
  shape: readonly number[],
): Promise<Float32Array | SparseRows | undefined> {
  const { where } = file;
  const dense = file.tensors.get(name);
  const [counts, columns, values] = PARTS.map((part) => file.tensors.get(`${name}.${part}`));
  const wanted = `shape [${shape.join(", ")}]`;
  if (dense && (counts ?? columns ?? values)) {
    throw new InputError({ what: `"${name}" is stored both whole and compressed`, where, expected: "one of the two" });
  }
  if (dense) {
    if (dense.shape.join() === shape.join()) return readFinite(dense, name, where);
    throw new InputError({ what: `"${name}" has shape [${dense.shape.join(", ")}]`, where, expected: wanted });
  }
  if (!counts && !columns && !values) return undefined;
  const [rows, cols] = shape as [number, number];
  const parts = { counts, columns, values };
  if (!isWhole(parts, rows)) {
    const expected = `"${name}.counts" of ${rows} and "${name}.columns", whole numbers, and as many "${name}.values"`;
    throw new InputError({ what: `the compressed matrix "${name}" is not whole`, where, expected });
  }
  return readCompressed({ name, rows, cols, where }, parts);
}

type Parts = Readonly<Record<(typeof PARTS)[number], FileTensor>>;

function isWhole(parts: { readonly [part in keyof Parts]: FileTensor | undefined }, rows: number): parts is Parts {
  const { counts, columns, values } = parts;
  const flat = [counts, columns, values].every((part) => part?.shape.length === 1);
  const indices = [counts, columns].every((part) => part && /^[UI]/u.test(part.type));
  return flat && indices && counts!.shape[0] === rows && columns!.shape[0] === values!.shape[0];
}

async function readCompressed(
  { name, rows, cols, where }: { name: string; rows: number; cols: number; where: string },
  parts: Parts,
): Promise<SparseRows> {
  const counts = await readValues(parts.counts);
  const columns = new Int32Array(await readValues(parts.columns));
  const values = await readValues(parts.values);
  requireFinite(values, 0, name, where);
  const expected = `shape [${rows}, ${cols}]`;
  const rowStarts = new Int32Array(rows + 1);
  for (let r = 0; r < rows; r++) {
    const begin = rowStarts[r]!;
    const end = begin + Math.max(0, counts[r]!);
    for (let k = begin; k < end; k++) {
      const c = columns[k];
      // Kernels look up by address: a column out of range would read another tensor.
      if (c === undefined || c < 0 || c >= cols) {
        throw new InputError({ what: `row ${r} of "${name}" names column ${c}`, where, expected });
      }
      if (k > begin && c <= columns[k - 1]!) {
        const what = `row ${r} of "${name}" names column ${c} after ${columns[k - 1]}`;
        throw new InputError({ what, where, expected: "the columns of a row in ascending order, each once" });
      }
    }
    rowStarts[r + 1] = end;
  }
  if (rowStarts[rows] !== values.length) {
    const what = `the row counts of "${name}" add up to ${rowStarts[rows]}`;
    throw new InputError({ what, where, expected: `${values.length}` });
  }
  const zero = values.indexOf(0);
  if (zero < 0) return { rows, cols, rowStarts, columns, values };
  throw new InputError({ what: `the compressed matrix "${name}" stores a zero`, where, expected: "nonzeros only" });
}

async function readMean(
  name: string,
  tensor: FileTensor,
  config: ModelConfig,
  where: string,
): Promise<[SiteName, Float32Array]> {
  const site = siteName(name.slice(MEAN.length));
  const width = siteWidth(config, site);
  if (tensor.shape.join() !== String(width)) {
    const what = `"${name}" has shape [${tensor.shape.join(", ")}]`;
    throw new InputError({ what, where, expected: `shape [${width}]` });
  }
  const mean = await readValues(tensor);
  requireFinite(mean, 0, name, where);
  return [site, mean];
}
