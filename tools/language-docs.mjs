/**
 * Writes what is made from the language's own code: the reference with its diagrams, and the page of diagnostics.
 * Run it after `npx tsc -b packages/scrubbing`: `node tools/language-docs.mjs`.
 */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import * as hypothesis from "@filigree/hypothesis";
import { openCheck } from "@filigree/scrubbing";
import { grammarRules } from "../packages/hypothesis/dist/syntax/grammar.js";
import { languageFiles } from "./language/language-files.mjs";

const folder = new URL("../docs/language/", import.meta.url);
const files = await languageFiles(grammarRules(), hypothesis, openCheck);

await mkdir(new URL("railroad/", folder), { recursive: true });
for (const name of await readdir(new URL("railroad/", folder))) {
  if (!files.has(`railroad/${name}`)) await rm(new URL(`railroad/${name}`, folder));
}
for (const [path, text] of files) await writeFile(new URL(path, folder), text);
