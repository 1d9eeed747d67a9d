import { format } from "prettier";
import { errorsPage } from "./errors.mjs";
import { referenceFiles } from "./reference.mjs";

/**
 * Everything under docs/language that is made from the language's own code.
 *
 * @param rules what `grammarRules()` of the hypothesis package gives
 * @param hypothesis the hypothesis package
 * @param openCheck that of the scrubbing package
 * @returns text by path under docs/language
 */
export async function languageFiles(rules, hypothesis, openCheck) {
  const files = referenceFiles(rules);
  files.set("errors.md", await errorsPage(hypothesis, openCheck));
  for (const [path, text] of files) {
    if (path.endsWith(".md")) files.set(path, await format(text, { parser: "markdown", printWidth: 120 }));
  }
  return files;
}
