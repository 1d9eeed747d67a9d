import { open } from "node:fs/promises";
import { InputError } from "@filigree/sites";
import { bytesSource, truncated, type OpenFile } from "../../checkpoint/byte-source.ts";

/** Smaller files are read at once: a round trip to the disk for each tensor costs more than the memory does. */
const READ_AT_ONCE = 32 * 2 ** 20;

/**
 * Opens the file at a path; undefined where there is none. The caller closes it.
 *
 * @throws InputError where it cannot be read.
 */
export async function openFile(path: string): Promise<OpenFile | undefined> {
  const handle = await open(path, "r").catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unreadable(path, error);
  });
  if (!handle) return undefined;
  const read = async (at: number, into: Uint8Array): Promise<void> => {
    for (let done = 0; done < into.length;) {
      const { bytesRead } = await handle.read(into, done, into.length - done, at + done).catch((error: unknown) => {
        throw unreadable(path, error);
      });
      if (bytesRead === 0) throw truncated(path, at + done, into.length - done);
      done += bytesRead;
    }
  };
  let keep = false;
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new InputError({ what: "this is not a file", where: path, expected: "a file" });
    keep = stat.size > READ_AT_ONCE;
    if (keep) return { where: path, size: stat.size, read, close: () => handle.close() };
    const bytes = new Uint8Array(stat.size);
    await read(0, bytes);
    return { ...bytesSource(bytes, path), close: () => Promise.resolve() };
  } finally {
    if (!keep) await handle.close();
  }
}

function unreadable(path: string, cause: unknown): InputError {
  return new InputError({ what: `it cannot be read (${(cause as NodeJS.ErrnoException).code})`, where: path, cause });
}
