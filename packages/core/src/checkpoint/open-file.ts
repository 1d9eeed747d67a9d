import { openFile } from "#platform/open-file";
import { InputError } from "@filigree/sites";
import type { ByteSource, OpenFile } from "./byte-source.ts";

/**
 * Opens the file at a path, or in a browser at a URL, lets `use` read from it, and closes it.
 *
 * @throws InputError where the file is missing or cannot be read.
 */
export async function withFile<Result>(path: string, use: (file: ByteSource) => Promise<Result>): Promise<Result> {
  const file = await openFile(path);
  if (!file) throw new InputError({ what: "there is no such file", where: path });
  return reading(file, use);
}

/** Lets `use` read from an open file, and closes it. */
export async function reading<Result>(file: OpenFile, use: (file: ByteSource) => Promise<Result>): Promise<Result> {
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
