import { crc32, inflate } from "#platform/inflate";
import { InputError } from "@filigree/sites";
import { DamagedStream } from "../../platform/damaged-stream.ts";
import { readBytes, type ByteSource } from "../byte-source.ts";
import { PIECE_BYTES } from "../tensor-file.ts";

/*
 * The zip format as PyTorch writes it, and as others may have packed it again: zip and zip64, entries stored or
 * deflated. The directory at the end of the file says where the entries are.
 */

export const END = 0x06054b50;
const END64_LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
export const DIRECTORY_ENTRY = 0x02014b50;
export const LOCAL_ENTRY = 0x04034b50;
/** The end record, and the longest comment after it. */
export const END_BYTES = 22;
const LONGEST_COMMENT = 0xffff;
/** In place of a number that is in the zip64 field. */
const IN_ZIP64 = 0xffffffff;
const ZIP64_FIELD = 1;
const ENCRYPTED = 1;
/** Far above any checkpoint; a directory that claims more is a trap. */
const LARGEST_DIRECTORY = 64 * 2 ** 20;
const LARGEST_CONTENT = 64 * 2 ** 30;

/** Deflate packs at best 1,032 bytes into one; what claims more would have memory set aside for nothing. */
const DEFLATE_AT_BEST = 1040;

export interface ZipEntry {
  readonly name: string;
  readonly deflated: boolean;
  /** In the archive, in bytes. */
  readonly packed: number;
  /** Of the content, in bytes. */
  readonly size: number;
  /** CRC-32 of the content; 0 where the writer was told not to compute it. */
  readonly crc: number;
  /** Where the entry's own header lies. */
  readonly at: number;
}

/**
 * The entries of an archive by name.
 *
 * @throws InputError where the directory is damaged, an entry encrypted or packed otherwise, or the content too large.
 */
export async function readDirectory(source: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  const fail = failIn(source.where);
  const { start, length } = await findDirectory(source);
  if (length > LARGEST_DIRECTORY || start + length > source.size) fail("its directory does not fit into the file");
  const bytes = await readBytes(source, start, length);
  const view = viewOf(bytes);
  const entries = new Map<string, ZipEntry>();
  let total = 0;
  for (let at = 0; at < length;) {
    if (at + 46 > length || view.getUint32(at, true) !== DIRECTORY_ENTRY) return fail("its directory is damaged");
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const end = at + 46 + nameLength! + extraLength! + commentLength!;
    if (end > length) return fail("its directory is damaged");
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength!));
    if ((view.getUint16(at + 8, true) & ENCRYPTED) !== 0) fail(`its entry "${name}" is encrypted`);
    const method = view.getUint16(at + 10, true);
    if (method !== 0 && method !== 8) fail(`its entry "${name}" is packed by method ${method}`, "stored or deflated");
    const extra = bytes.subarray(at + 46 + nameLength!, at + 46 + nameLength! + extraLength!);
    const fields = [24, 20, 42].map((field) => view.getUint32(at + field, true));
    const [size, packed, header] = wideNumbers(fields, extra) ?? fail(`its entry "${name}" has no zip64 field`);
    if (method === 0 && size !== packed) fail(`its entry "${name}" is stored, in ${packed} bytes for ${size}`);
    if (method === 8 && size! > DEFLATE_AT_BEST * packed!) {
      fail(`its entry "${name}" claims to unpack from ${packed} bytes to ${size}, more than deflate can`);
    }
    if (entries.has(name)) fail(`it has two entries "${name}"`);
    total += size!;
    if (total > LARGEST_CONTENT) fail("it unpacks to more than 64 GiB");
    const crc = view.getUint32(at + 16, true);
    entries.set(name, { name, deflated: method === 8, packed: packed!, size: size!, crc, at: header! });
    at = end;
  }
  return entries;
}

/**
 * The content of an entry from byte `start` to byte `end`, in pieces of PIECE_BYTES, of which the last may be shorter.
 * A piece is overwritten when the next one is read. A content that is read whole is checked against its CRC.
 *
 * @throws InputError where the content is damaged.
 */
export async function* readEntry(
  source: ByteSource,
  entry: ZipEntry,
  start = 0,
  end = entry.size,
): AsyncGenerator<Uint8Array> {
  const fail = failIn(source.where);
  const at = await contentStart(source, entry);
  const whole = start === 0 && end === entry.size;
  let crc = 0;
  for await (const piece of entry.deflated
    ? inflated(source, entry, at, start, end)
    : stored(source, at + start, at + end)) {
    if (whole) crc = crc32(piece, crc);
    yield piece;
  }
  if (whole && entry.crc !== 0 && crc !== entry.crc) {
    fail(`its entry "${entry.name}" is damaged: the checksum is another`, undefined, AGAIN);
  }
}

/** The whole content of an entry. */
export async function readWhole(source: ByteSource, entry: ZipEntry): Promise<Uint8Array> {
  const bytes = new Uint8Array(entry.size);
  let at = 0;
  for await (const piece of readEntry(source, entry)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

async function* stored(source: ByteSource, start: number, end: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, end - start));
  for (let at = start; at < end; at += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, end - at));
    await source.read(at, piece);
    yield piece;
  }
}

async function* inflated(
  source: ByteSource,
  { name, packed, size }: ZipEntry,
  at: number,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const damaged = `its entry "${name}" cannot be unpacked`;
  const unpacked = inflate(copies(stored(source, at, at + packed)));
  const buffer = new Uint8Array(Math.min(PIECE_BYTES, end - start));
  let seen = 0;
  let filled = 0;
  try {
    for await (const chunk of unpacked) {
      let rest = chunk.subarray(Math.max(0, start - seen), Math.max(0, end - seen));
      seen += chunk.length;
      if (seen > size) return failIn(source.where)(`${damaged}: it holds more than its ${size} bytes`);
      while (rest.length > 0) {
        const taken = Math.min(rest.length, buffer.length - filled);
        buffer.set(rest.subarray(0, taken), filled);
        filled += taken;
        rest = rest.subarray(taken);
        if (filled < buffer.length) continue;
        yield buffer;
        filled = 0;
      }
      if (seen >= end && end < size) break;
    }
  } catch (cause) {
    if (!(cause instanceof DamagedStream)) throw cause;
    return failIn(source.where)(`${damaged} (${cause.message})`, undefined, AGAIN);
  }
  if (seen < end) return failIn(source.where)(`${damaged}: it holds ${seen} bytes in place of ${size}`);
  if (filled > 0) yield buffer.subarray(0, filled);
}

/** Streams keep what they are given, so a buffer that is used again must be copied. */
async function* copies(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) yield piece.slice();
}

async function contentStart(source: ByteSource, { name, at, packed }: ZipEntry): Promise<number> {
  const fail = failIn(source.where);
  if (at + 30 > source.size) return fail(`its entry "${name}" lies outside the file`, undefined, AGAIN);
  const view = viewOf(await readBytes(source, at, 30));
  if (view.getUint32(0, true) !== LOCAL_ENTRY) return fail(`its entry "${name}" is not where its directory says`);
  const start = at + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  return start + packed <= source.size ? start : fail(`its entry "${name}" ends outside the file`, undefined, AGAIN);
}

async function findDirectory(source: ByteSource): Promise<{ start: number; length: number }> {
  const fail = failIn(source.where);
  const tailLength = Math.min(source.size, END_BYTES + LONGEST_COMMENT);
  const tailStart = source.size - tailLength;
  const tail = viewOf(await readBytes(source, tailStart, tailLength));
  let end = tailLength - END_BYTES;
  while (end >= 0 && tail.getUint32(end, true) !== END) end--;
  if (end < 0) return fail("the end of the archive is missing", undefined, AGAIN);
  if (tailStart + end >= 20) {
    const locator = viewOf(await readBytes(source, tailStart + end - 20, 20));
    if (locator.getUint32(0, true) === END64_LOCATOR) {
      const at = Number(locator.getBigUint64(8, true));
      if (at + 56 > source.size) return fail("its zip64 record lies outside the file", undefined, AGAIN);
      const record = viewOf(await readBytes(source, at, 56));
      if (record.getUint32(0, true) !== END64) return fail("its zip64 record is damaged");
      return { start: Number(record.getBigUint64(48, true)), length: Number(record.getBigUint64(40, true)) };
    }
  }
  return { start: tail.getUint32(end + 16, true), length: tail.getUint32(end + 12, true) };
}

/** Those of size, packed size and place that do not fit into four bytes come, in this order, from the zip64 field. */
function wideNumbers(fields: readonly number[], extra: Uint8Array): number[] | undefined {
  if (!fields.includes(IN_ZIP64)) return [...fields];
  const view = viewOf(extra);
  for (let at = 0; at + 4 <= extra.length;) {
    const [kind, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    const wide = fields.filter((field) => field === IN_ZIP64).length;
    if (kind === ZIP64_FIELD && length >= 8 * wide && at + 4 + length <= extra.length) {
      let next = at + 4;
      return fields.map((field) => {
        if (field !== IN_ZIP64) return field;
        next += 8;
        return Number(view.getBigUint64(next - 8, true));
      });
    }
    at += 4 + length;
  }
  return undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const AGAIN = "copy or download the file again";

function failIn(where: string): (what: string, expected?: string, hint?: string) => never {
  return (what, expected = "a zip archive as torch.save writes it", hint) => {
    throw new InputError({ what: `this archive cannot be read: ${what}`, where, expected, hint });
  };
}
