/**
 * The byte alphabet of byte-level BPE files: each of the 256 bytes is written as one printable character, so that a
 * vocabulary is readable JSON whatever bytes its tokens hold. Printable Latin-1 characters stand for themselves; the
 * other bytes, in order, take the characters from U+0100 on (the space becomes `Ġ`, the line feed `Ċ`).
 *
 * Source: the `bytes_to_unicode` table of GPT-2, which every byte-level `tokenizer.json` follows.
 */

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
}

/** The character that stands for each byte, indexed by the byte: length 256. */
export const BYTE_CHARACTERS: readonly string[] = (() => {
  const characters: string[] = [];
  let replacement = 0x100;
  for (let byte = 0; byte < 256; byte++) characters.push(String.fromCharCode(isPrintable(byte) ? byte : replacement++));
  return characters;
})();

const CHARACTER_BYTES: ReadonlyMap<string, number> = new Map(
  BYTE_CHARACTERS.map((character, byte) => [character, byte]),
);

/** The bytes that a vocabulary entry stands for, or undefined where it holds a character outside the alphabet. */
export function bytesOfEntry(entry: string): Uint8Array | undefined {
  const bytes = new Uint8Array(entry.length);
  for (let index = 0; index < entry.length; index++) {
    const byte = CHARACTER_BYTES.get(entry.charAt(index));
    if (byte === undefined) return undefined;
    bytes[index] = byte;
  }
  return bytes;
}
