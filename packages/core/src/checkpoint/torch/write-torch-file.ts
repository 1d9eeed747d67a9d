import type { StoredTensor } from "../safetensors.ts";
import { formatPickle, type Picklable } from "./write-pickle.ts";
import { formatZip } from "./write-zip.ts";

/** What can be written: as much of torch.save's data as circuits need. Keys of a dict are text. */
export type TorchData =
  | number
  | string
  | NumberTensor
  | { readonly list: readonly TorchData[] }
  | { readonly tuple: readonly TorchData[] }
  | { readonly dict: ReadonlyMap<string, TorchData> };

/** A contiguous tensor of float32 or int64. */
export type NumberTensor = StoredTensor & { readonly type: keyof typeof STORAGE_OF };

const STORAGE_OF = { F32: "torch.FloatStorage", I64: "torch.LongStorage" } as const;

/** The root that torch.save's own files have when their name is not known, and that OpenAI's slice loader expects. */
const ROOT = "archive";

/**
 * A file that `torch.load(path, weights_only=True)` reads: the bytes that are the same for the same data.
 *
 * @throws RangeError for data of 4 GiB or more
 */
export function formatTorchFile(data: TorchData): Uint8Array {
  const storages: Uint8Array[] = [];
  const pickle = formatPickle(
    picklable(data, (tensor) => {
      storages.push(tensor.bytes);
      return String(storages.length - 1);
    }),
  );
  const text = (content: string) => new TextEncoder().encode(content);
  return formatZip(
    new Map([
      [`${ROOT}/data.pkl`, pickle],
      [`${ROOT}/byteorder`, text("little")],
      ...storages.map((bytes, key): [string, Uint8Array] => [`${ROOT}/data/${key}`, bytes]),
      [`${ROOT}/version`, text("3\n")],
    ]),
  );
}

/** @param store keeps the numbers of a tensor and gives the key of its storage */
function picklable(data: TorchData, store: (tensor: NumberTensor) => string): Picklable {
  if (typeof data !== "object") return data;
  const each = (items: readonly TorchData[]) => items.map((item) => picklable(item, store));
  if ("list" in data) return { list: each(data.list) };
  if ("tuple" in data) return { tuple: each(data.tuple) };
  if ("dict" in data) return { dict: new Map([...data.dict].map(([key, value]) => [key, picklable(value, store)])) };
  const { type, shape } = data;
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((step, size) => step * Math.max(size, 1), 1));
  const count = shape.reduce((product, size) => product * size, 1);
  const storage = { tuple: ["storage", { name: STORAGE_OF[type] }, store(data), "cpu", count] };
  // (storage, offset, shape, strides, whether it wants a gradient, hooks)
  const given = [{ persistent: storage }, 0, { tuple: shape }, { tuple: strides }, false, EMPTY_ORDERED_DICT];
  return { call: "torch._utils._rebuild_tensor_v2", given };
}

const EMPTY_ORDERED_DICT: Picklable = { call: "collections.OrderedDict", given: [] };
