import { SparsifierError } from "@filigree/sparsifiers";

// A sparsifier's state is plain data with arrays of numbers anywhere in it. Stored, it is a JSON text in which each
// array is named by its path, and the arrays themselves, to the bit.

export interface PackedState {
  readonly json: string;
  readonly arrays: ReadonlyMap<string, Float32Array>;
}

const ARRAY_KEY = "$float32";

/** @throws SparsifierError where the state holds something that would not come back the same */
export function packState(state: unknown, sparsifier: string): PackedState {
  const arrays = new Map<string, Float32Array>();
  const pack = (value: unknown, path: string): unknown => {
    if (value instanceof Float32Array) {
      arrays.set(path, value);
      return { [ARRAY_KEY]: path };
    }
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    // JSON has no -0.
    if (typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)) return value;
    if (Array.isArray(value)) return value.map((element, index) => pack(element, `${path}/${index}`));
    if (isPlainObject(value) && !Object.hasOwn(value, ARRAY_KEY)) {
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, pack(member, `${path}/${key}`)]));
    }
    throw new SparsifierError(
      sparsifier,
      `holds something in its state that cannot be stored, at "${path}": ${String(value)}`,
    );
  };
  return { json: JSON.stringify(pack(state, "")), arrays };
}

export function unpackState({ json, arrays }: PackedState): unknown {
  return JSON.parse(json, (_, value: unknown) =>
    isPlainObject(value) && Object.hasOwn(value, ARRAY_KEY) ? arrays.get(String(value[ARRAY_KEY])) : value,
  );
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
