import { InputError } from "@filigree/sites";

/** Bytes that are read where they are wanted: an open file, or memory. */
export interface ByteSource {
  /** The file's name, for messages. */
  readonly where: string;
  /** In bytes. */
  readonly size: number;
  /**
   * Fills `into` with the bytes from `at` on.
   *
   * @throws InputError where the source ends before.
   */
  read(at: number, into: Uint8Array): Promise<void>;
}

/** A source to be closed by who opened it. */
export interface OpenFile extends ByteSource {
  close(): Promise<void>;
}

/** Bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array, where: string): ByteSource {
  return {
    where,
    size: bytes.length,
    read: (at, into) => {
      const part = bytes.subarray(at, at + into.length);
      if (at < 0 || part.length < into.length) return Promise.reject(truncated(where, at, into.length));
      into.set(part);
      return Promise.resolve();
    },
  };
}

/** The error for bytes that are not there. */
export function truncated(where: string, at: number, length: number): InputError {
  return new InputError({
    what: `the file is truncated: ${length} bytes from byte ${at} on are missing`,
    where,
    hint: "copy or download the file again",
  });
}

/** `length` bytes from `at` on, in a buffer of their own. */
export async function readBytes(source: ByteSource, at: number, length: number): Promise<Uint8Array> {
  if (at < 0 || at + length > source.size) throw truncated(source.where, at, length);
  const bytes = new Uint8Array(length);
  await source.read(at, bytes);
  return bytes;
}

/** Parts one after another. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
