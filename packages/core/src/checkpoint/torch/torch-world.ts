import { InputError } from "@filigree/sites";
import type { ByteSource } from "../byte-source.ts";
import { ELEMENT_BYTES, type ElementType } from "../element-types.ts";
import { PythonName, type PickleValue, type PickleWorld } from "./pickle.ts";
import { TorchTensor, type Storage } from "./torch-tensor.ts";
import type { ZipEntry } from "./zip-archive.ts";

/** PyTorch's storage classes and what they hold. */
const STORAGE_TYPES: ReadonlyMap<string, ElementType> = new Map([
  ["torch.DoubleStorage", "F64"],
  ["torch.FloatStorage", "F32"],
  ["torch.HalfStorage", "F16"],
  ["torch.BFloat16Storage", "BF16"],
  ["torch.LongStorage", "I64"],
  ["torch.IntStorage", "I32"],
  ["torch.ShortStorage", "I16"],
  ["torch.CharStorage", "I8"],
  ["torch.ByteStorage", "U8"],
  ["torch.BoolStorage", "BOOL"],
]);

const REBUILD_WITH_TYPE = "torch._tensor._rebuild_from_type_v2";
const TENSOR_TYPES = new Set(["torch.Tensor", "torch.nn.parameter.Parameter"]);

/** Types such as `torch.float32`, which a config may hold as a value. */
const ELEMENT_TYPE_NAME = /^torch\.(?:float|double|half|bfloat|int|long|short|uint|bool)\d*$/u;

/** What torch.save stores, tensors not yet read. Dtypes and devices become text. */
export type TorchValue = PickleValue<TorchTensor | StoredNumbers>;
type Arguments = readonly TorchValue[];

/** A storage as a value of the pickle, before a tensor is made of it. */
class StoredNumbers {
  readonly storage: Storage;
  constructor(storage: Storage) {
    this.storage = storage;
  }
}

/**
 * The names that torch.save writes for data, and what they make.
 *
 * @param contents the archive's entries of numbers, by their key
 */
export function torchWorld(
  source: ByteSource,
  contents: ReadonlyMap<string, ZipEntry>,
): PickleWorld<TorchTensor | StoredNumbers> {
  const fail = (what: string): never => {
    throw new InputError({ what, where: source.where, expected: "tensors as torch.save writes them" });
  };

  /** A tensor from (storage, offset, shape, strides, …). */
  const tensor = ([stored, offset, shape, strides]: Arguments): TorchTensor => {
    if (!(stored instanceof StoredNumbers) || !isIndex(offset) || !isIndices(shape) || !isIndices(strides)) {
      return fail("a tensor is damaged: it has no storage, offset, shape and strides");
    }
    if (shape.length !== strides.length) return fail("a tensor is damaged: it has another number of strides than axes");
    return new TorchTensor(source, stored.storage, { offset, shape, strides });
  };

  const functions: Readonly<Record<string, (args: Arguments) => TorchValue>> = {
    "collections.OrderedDict": ([items]) => dictOf(items, fail),
    "torch._utils._rebuild_tensor": tensor,
    "torch._utils._rebuild_tensor_v2": tensor,
    "torch._utils._rebuild_parameter": ([data]) => data ?? null,
    "torch._utils._rebuild_parameter_with_state": ([data]) => data ?? null,
    // A tensor with attributes of its own, which are passed over: (function, type, its arguments, attributes).
    [REBUILD_WITH_TYPE]: ([callee, , args]) => {
      const known = callee instanceof PythonName && callee.name !== REBUILD_WITH_TYPE && Array.isArray(args);
      const make = known && Object.hasOwn(functions, callee.name) ? functions[callee.name] : undefined;
      return make ? make(args as Arguments) : fail("a tensor with attributes is damaged");
    },
    "torch.Size": ([sizes]) => sizes ?? [],
    "torch.device": ([name]) => name ?? null,
    "__builtin__.set": ([items]) => items ?? [],
    "builtins.set": ([items]) => items ?? [],
    // How protocol 2 writes bytes: as text with one character a byte.
    "_codecs.encode": ([text]) => (typeof text === "string" ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : null),
  };

  return {
    knows: (name) =>
      Object.hasOwn(functions, name) ||
      STORAGE_TYPES.has(name) ||
      TENSOR_TYPES.has(name) ||
      ELEMENT_TYPE_NAME.test(name),
    call: (name, args) => (Object.hasOwn(functions, name) ? functions[name]!(args) : undefined),
    load: (id) => {
      const [kind, type, key, , length] = Array.isArray(id) ? id : [];
      const elementType = type instanceof PythonName ? STORAGE_TYPES.get(type.name) : undefined;
      if (kind !== "storage" || !elementType || typeof key !== "string" || !isIndex(length)) {
        return fail("a storage is damaged, or of a type that is not read");
      }
      const entry = contents.get(key) ?? fail(`the numbers of storage "${key}" are missing`);
      const bytes = length * ELEMENT_BYTES[elementType];
      if (entry.size !== bytes) {
        return fail(`storage "${key}" has ${entry.size} bytes in place of ${bytes} for its ${length} elements`);
      }
      return new StoredNumbers({ type: elementType, entry, length });
    },
  };
}

function dictOf(items: TorchValue | undefined, fail: (what: string) => never): Map<TorchValue, TorchValue> {
  if (items === undefined) return new Map();
  if (!Array.isArray(items)) return fail("an OrderedDict is made of what is not a list of pairs");
  return new Map(
    items.map((pair) => (Array.isArray(pair) && pair.length === 2 ? [pair[0]!, pair[1]!] : fail("a pair is damaged"))),
  );
}

function isIndex(value: TorchValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function isIndices(value: TorchValue | undefined): value is number[] {
  return Array.isArray(value) && value.length <= 64 && value.every(isIndex);
}
