import { crc32 } from "#platform/inflate";
import { joinBytes } from "../byte-source.ts";
import { DIRECTORY_ENTRY, END, END_BYTES, LOCAL_ENTRY } from "./zip-archive.ts";

/** Where contents begin in files of PyTorch's: at multiples of so many bytes, so that they can be mapped into memory. */
const ALIGNMENT = 64;
/** The extra field "FB" that PyTorch fills up with. */
const FILLING = 0x4246;
/** Version 1.0 of the format is enough for what is stored. */
const VERSION_NEEDED = 10;
/** 1 January 1980, the first day that the format has: the same contents give the same bytes. */
const NO_DATE = 0x21;

/**
 * A zip archive of some entries in their order, stored.
 *
 * @throws RangeError for an archive of 4 GiB or more, which would need zip64
 */
export function formatZip(entries: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const contents: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, content] of entries) {
    const encoded = new TextEncoder().encode(name);
    const unfilled = at + 30 + encoded.length + 4;
    const filling = (ALIGNMENT - (unfilled % ALIGNMENT)) % ALIGNMENT;
    const shared = sharedFields(content, encoded.length);
    const extra = new Uint8Array(4 + filling);
    new DataView(extra.buffer).setUint16(0, FILLING, true);
    new DataView(extra.buffer).setUint16(2, filling, true);
    const local = header(LOCAL_ENTRY, 30, [[4, shared]]);
    local.setUint16(28, extra.length, true);
    const entry = header(DIRECTORY_ENTRY, 46, [[6, shared]]);
    entry.setUint16(4, VERSION_NEEDED, true);
    entry.setUint32(42, at, true);
    const parts = [bytesOf(local), encoded, extra, content];
    contents.push(...parts);
    directory.push(bytesOf(entry), encoded);
    at += parts.reduce((sum, { length }) => sum + length, 0);
  }
  const length = directory.reduce((sum, part) => sum + part.length, 0);
  if (at + length >= 2 ** 32) throw new RangeError(`An archive of ${at + length} bytes: zip64 is not written.`);
  const end = header(END, END_BYTES, []);
  for (const place of [8, 10]) end.setUint16(place, entries.size, true);
  end.setUint32(12, length, true);
  end.setUint32(16, at, true);
  return joinBytes([...contents, ...directory, bytesOf(end)]);
}

/** What an entry's own header and the directory say in the same 24 bytes: from the version to the length of the name. */
function sharedFields(content: Uint8Array, nameLength: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint16(0, VERSION_NEEDED, true);
  view.setUint16(8, NO_DATE, true);
  view.setUint32(10, crc32(content), true);
  view.setUint32(14, content.length, true);
  view.setUint32(18, content.length, true);
  view.setUint16(22, nameLength, true);
  return bytesOf(view);
}

function header(signature: number, length: number, fields: readonly (readonly [number, Uint8Array])[]): DataView {
  const bytes = new Uint8Array(length);
  for (const [at, field] of fields) bytes.set(field, at);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  return view;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
