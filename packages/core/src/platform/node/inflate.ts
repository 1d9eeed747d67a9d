import { Readable } from "node:stream";
import { createInflateRaw } from "node:zlib";
import { DamagedStream } from "../damaged-stream.ts";

export { crc32 } from "node:zlib";

/**
 * Unpacks deflated bytes as they come.
 *
 * @throws DamagedStream where they are not deflated bytes, or end early.
 */
export async function* inflate(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const stream = Readable.from(packed);
  const unpacked = stream.pipe(createInflateRaw());
  stream.on("error", (error) => unpacked.destroy(error));
  try {
    yield* unpacked as AsyncIterable<Uint8Array>;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code?.startsWith("Z_") !== true) throw cause;
    throw new DamagedStream((cause as Error).message, { cause });
  } finally {
    stream.destroy();
  }
}
