import { readFile } from "node:fs/promises";
import { InputError } from "@filigree/sites";

/**
 * The text of a file that the user named.
 *
 * @param expected what the file should be, e.g. `a .circuit file`
 * @throws InputError where it is missing, unreadable or not UTF-8.
 */
export async function readText(path: string, expected: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(path));
  } catch (cause) {
    throw new InputError({ what: reason(cause as NodeJS.ErrnoException), where: path, expected, cause });
  }
}

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "there is no such file";
  if (error.code === "EISDIR") return "this is a folder";
  return error instanceof TypeError ? "the file is not UTF-8 text" : `the file cannot be read (${error.code})`;
}
