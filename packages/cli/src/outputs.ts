import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { InputError } from "@filigree/sites";

/**
 * Says before long work whether the files that it is to write can be: no folder stands there, no two are one, and none
 * is a file that is read. Missing folders are made.
 *
 * @param outputs the path of each option that was given
 * @throws InputError where they cannot.
 */
export async function requireOutputs(
  outputs: Readonly<Record<string, string | undefined>>,
  inputs: readonly string[],
): Promise<void> {
  const taken = new Map(inputs.map((path) => [resolve(path), "a file that is checked"]));
  for (const [option, path] of Object.entries(outputs)) {
    if (path === undefined) continue;
    const other = taken.get(resolve(path));
    if (other !== undefined) throw new InputError({ what: `--${option} would replace ${other}`, where: path });
    taken.set(resolve(path), `what --${option} writes`);
    const found = await stat(path).catch(() => undefined);
    if (found?.isDirectory()) {
      throw new InputError({ what: "this is a folder", where: path, expected: `a file for --${option} to write` });
    }
    await mkdir(dirname(path), { recursive: true });
  }
}
