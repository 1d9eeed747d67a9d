/*
 * The other way round of pickle.ts: data as a pickle of protocol 2, which torch.save writes and every Python reads.
 * Nothing is memoised: what stands in the data twice is written twice.
 */

/** What can be written. A number that is whole becomes an int; Python computes with both alike. */
export type Picklable =
  | boolean
  | number
  | string
  | { readonly list: readonly Picklable[] }
  | { readonly tuple: readonly Picklable[] }
  | { readonly dict: ReadonlyMap<string | number, Picklable> }
  /** A name of Python's: `torch.FloatStorage`. */
  | { readonly name: string }
  /** What a function of Python's makes of some arguments. */
  | { readonly call: string; readonly given: readonly Picklable[] }
  /** Stands for something outside the pickle. */
  | { readonly persistent: Picklable };

const PROTOCOL = 2;

export function formatPickle(data: Picklable): Uint8Array {
  const bytes = [0x80 /* PROTO */, PROTOCOL];
  write(bytes, data);
  bytes.push(0x2e /* STOP */);
  return Uint8Array.from(bytes);
}

function write(bytes: number[], data: Picklable): void {
  const writeAll = (items: Iterable<Picklable>) => {
    bytes.push(0x28 /* MARK */);
    for (const item of items) write(bytes, item);
  };
  if (typeof data === "boolean") bytes.push(data ? 0x88 /* NEWTRUE */ : 0x89 /* NEWFALSE */);
  else if (typeof data === "number") writeNumber(bytes, data);
  else if (typeof data === "string") writeText(bytes, data);
  else if ("list" in data) {
    bytes.push(0x5d /* EMPTY_LIST */);
    writeAll(data.list);
    bytes.push(0x65 /* APPENDS */);
  } else if ("tuple" in data) {
    writeAll(data.tuple);
    bytes.push(0x74 /* TUPLE */);
  } else if ("dict" in data) {
    bytes.push(0x7d /* EMPTY_DICT */);
    writeAll([...data.dict].flat());
    bytes.push(0x75 /* SETITEMS */);
  } else if ("name" in data) writeName(bytes, data.name);
  else if ("call" in data) {
    writeName(bytes, data.call);
    write(bytes, { tuple: data.given });
    bytes.push(0x52 /* REDUCE */);
  } else {
    write(bytes, data.persistent);
    bytes.push(0x51 /* BINPERSID */);
  }
}

function writeNumber(bytes: number[], number: number): void {
  const view = new DataView(new ArrayBuffer(8));
  if (Number.isInteger(number) && Math.abs(number) < 2 ** 31) {
    view.setInt32(0, number, true);
    bytes.push(0x4a /* BININT */, ...new Uint8Array(view.buffer, 0, 4));
  } else {
    view.setFloat64(0, number, false);
    bytes.push(0x47 /* BINFLOAT */, ...new Uint8Array(view.buffer));
  }
}

function writeText(bytes: number[], text: string): void {
  const encoded = new TextEncoder().encode(text);
  bytes.push(0x58 /* BINUNICODE */, ...new Uint8Array(Uint32Array.of(encoded.length).buffer), ...encoded);
}

function writeName(bytes: number[], name: string): void {
  const dot = name.lastIndexOf(".");
  const lines = `${name.slice(0, dot)}\n${name.slice(dot + 1)}\n`;
  bytes.push(0x63 /* GLOBAL */, ...new TextEncoder().encode(lines));
}
