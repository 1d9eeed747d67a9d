import { InputError } from "@filigree/sites";
import { bytesSource, readBytes, type ByteSource } from "../byte-source.ts";
import type { ElementType } from "../element-types.ts";
import { readValues, type FileTensor, type TensorFile } from "../tensor-file.ts";
import { parsePickle } from "./pickle.ts";
import { TorchTensor } from "./torch-tensor.ts";
import { torchWorld, type TorchValue } from "./torch-world.ts";
import { readDirectory, readWhole, type ZipEntry } from "./zip-archive.ts";

/** "PK": every zip archive begins so. */
const ZIP_MAGIC = 0x04034b50;
/** A pickle begins with the byte 0x80 and its protocol; files of PyTorch before 1.6 are pickles one after another. */
const PICKLE_START = 0x80;
/** The largest pickle that is read. Tensors' numbers are not in it. */
const LARGEST_PICKLE = 512 * 2 ** 20;

/**
 * Reads what torch.save wrote. Nothing in the file is executed, and the tensors' numbers are read only when wanted:
 * keep `source` open until then.
 *
 * @throws InputError for a damaged file, and for what is not plain data: TorchScript, objects of other classes.
 */
export async function readTorchFile(source: ByteSource): Promise<TorchValue> {
  await requireZip(source);
  const { where } = source;
  const entries = await readDirectory(source);
  const pickle = [...entries.values()].find(({ name }) => /^[^/]+\/data\.pkl$/u.test(name));
  if (!pickle) {
    throw new InputError({
      what: "this archive has no data.pkl",
      where,
      expected: "a file that torch.save has written",
    });
  }
  const root = pickle.name.slice(0, -"data.pkl".length);
  if (entries.has(`${root}constants.pkl`)) {
    const hint = "save the state dict of the module: torch.save(module.state_dict(), path)";
    throw new InputError({ what: "this is a TorchScript program, which would have to be run", where, hint });
  }
  const byteOrder = entries.get(`${root}byteorder`);
  if (byteOrder && byteOrder.size < 16) {
    const order = new TextDecoder().decode(await readWhole(source, byteOrder));
    if (order !== "little") throw new InputError({ what: `its byte order is "${order}"`, where, expected: `"little"` });
  }
  if (pickle.size > LARGEST_PICKLE) {
    throw new InputError({
      what: `its data.pkl has ${pickle.size} bytes`,
      where,
      expected: `at most ${LARGEST_PICKLE}`,
    });
  }
  const numbers = `${root}data/`;
  const contents = [...entries]
    .filter(([name]) => name.startsWith(numbers))
    .map(([name, entry]): [string, ZipEntry] => [name.slice(numbers.length), entry]);
  return parsePickle(await readWhole(source, pickle), torchWorld(source, new Map(contents)), where);
}

/** A state dict as a file of tensors; one that is kept under `state_dict` or `model` beside other things is found. */
export async function openTorchTensors(source: ByteSource): Promise<TensorFile> {
  const value = await readTorchFile(source);
  const tensors = tensorsOf(value) ?? tensorsOf(member(value, "state_dict")) ?? tensorsOf(member(value, "model"));
  if (tensors) return { where: source.where, metadata: {}, tensors };
  throw new InputError({ what: "the file holds no dict of tensors", where: source.where, expected: "a state dict" });
}

/** A tensor of a file with its values. */
export interface DecodedTensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Row-major, as float32. */
  readonly values: Float32Array;
}

/**
 * The tensors in the bytes of a file that torch.save wrote: a state dict, or any dict of tensors. Nothing in it is
 * executed. Models are better read by `loadModel`, which never holds a whole file.
 *
 * @throws InputError for a damaged file, and for what is not plain data.
 */
export async function parseTorchTensors(bytes: Uint8Array, where: string): Promise<Map<string, DecodedTensor>> {
  const decoded = new Map<string, DecodedTensor>();
  for (const [name, tensor] of (await openTorchTensors(bytesSource(bytes, where))).tensors) {
    decoded.set(name, { type: tensor.type, shape: tensor.shape, values: await readValues(tensor) });
  }
  return decoded;
}

function tensorsOf(value: TorchValue | undefined): Map<string, FileTensor> | undefined {
  if (!(value instanceof Map)) return undefined;
  const entries = [...value].filter((entry): entry is [string, TorchTensor] => {
    return typeof entry[0] === "string" && entry[1] instanceof TorchTensor;
  });
  return entries.length === 0 ? undefined : new Map(entries);
}

function member(value: TorchValue | undefined, key: string): TorchValue | undefined {
  return value instanceof Map ? value.get(key) : undefined;
}

async function requireZip(source: ByteSource): Promise<void> {
  const { where, size } = source;
  const expected = "a zip archive as torch.save writes it";
  if (size === 0) throw new InputError({ what: "the file is empty", where, expected, hint: "download it again" });
  const start = await readBytes(source, 0, Math.min(4, size));
  if (start.length === 4 && new DataView(start.buffer).getUint32(0, true) === ZIP_MAGIC) return;
  if (start[0] === PICKLE_START) {
    const hint = "load it with PyTorch and save it again: torch.save(torch.load(path, weights_only=True), path)";
    throw new InputError({ what: "this is a file of PyTorch before 1.6, or a bare pickle", where, expected, hint });
  }
  throw new InputError({ what: "this is not a file that torch.save has written", where, expected });
}
