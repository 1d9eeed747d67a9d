import { InputError } from "@filigree/core";
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
      // The state itself may be an array, and every name is that of a tensor below "sparsifier".
      const name = path === "" ? "/" : path;
      arrays.set(name, value);
      return { [ARRAY_KEY]: name };
    }
    if (value === null || typeof value === "string" || typeof value === "boolean") return value;
    // JSON has no -0.
    if (typeof value === "number" && Number.isFinite(value) && !Object.is(value, -0)) return value;
    if (Array.isArray(value)) return value.map((element, index) => pack(element, `${path}/${index}`));
    if (isPlainObject(value) && !Object.hasOwn(value, ARRAY_KEY)) {
      return Object.fromEntries(
        Object.entries(value).map(([key, member]) => [key, pack(member, `${path}/${pointerToken(key)}`)]),
      );
    }
    throw new SparsifierError(
      sparsifier,
      `holds something in its state that cannot be stored, at "${path}": ${String(value)} (a state is plain data as ` +
        "JSON holds it, with Float32Arrays in it; {} where there is nothing to remember)",
    );
  };
  return { json: JSON.stringify(pack(state, "")), arrays };
}

/**
 * The state of which `packed` is the JSON value.
 *
 * @param where for the message
 * @throws InputError where an array that it names is missing
 */
export function unpackState(packed: unknown, arrays: PackedState["arrays"], where: string): unknown {
  const unpack = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(unpack);
    if (!isPlainObject(value)) return value;
    if (!Object.hasOwn(value, ARRAY_KEY)) {
      return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, unpack(member)]));
    }
    const name = String(value[ARRAY_KEY]);
    const array = arrays.get(name);
    if (!array) throw new InputError({ what: `there is no tensor for the array "${name}"`, where });
    return array;
  };
  return unpack(packed);
}

/** A key as part of a path, as in a JSON Pointer: two paths that differ have two names. */
function pointerToken(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
