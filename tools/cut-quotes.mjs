// Writes packages/tasks/src/built-in/single-double-quote/quote-lines.json: the prompts of single_double_quote that are cut from source files.
//
//   npm run build && node tools/cut-quotes.mjs "$(python3 -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
//
// The argument is the folder of Python source that the example model is trained on, of CPython 3.11. The lines come from
// the files that `splitCorpus` holds out. The vocabulary is trained on the other files, as `filigree train` does.
import { fileURLToPath } from "node:url";
import { parseTokenizer, trainBpe, writeFileAtomically } from "../packages/core/dist/index.js";
import { cutQuoteLines, readCorpus, splitCorpus } from "../packages/tasks/dist/index.js";

const [root] = process.argv.slice(2);
if (root === undefined) {
  console.error("usage: node tools/cut-quotes.mjs FOLDER");
  process.exit(2);
}
const files = splitCorpus(readCorpus({ roots: [root], files: ["**/*.py"] }).files);
const training = files.filter((file) => !file.heldOut).map((file) => file.text);
const tokenizer = parseTokenizer(trainBpe(training, { vocabSize: 1024 }), "the vocabulary trained here");
const lines = cutQuoteLines(files, tokenizer);
const notice =
  "Lines quoted from the standard library of CPython 3.11, © Python Software Foundation, licence PSF-2.0 " +
  "(https://docs.python.org/3/license.html). Each is cut at the closing quote of its first string.";
const json = `${JSON.stringify({ notice })}`.slice(0, -1);
const rows = lines.map((line) => `  ${JSON.stringify(line)}`).join(",\n");
const target = fileURLToPath(
  new URL("../packages/tasks/src/built-in/single-double-quote/quote-lines.json", import.meta.url),
);
await writeFileAtomically(target, `${json},\n"lines": [\n${rows}\n]}\n`);
for (const split of ["test", "dev"]) {
  const chosen = lines.filter((line) => line.split === split);
  console.error(`${split}: ${chosen.length} lines of ${new Set(chosen.map((line) => line.file)).size} files`);
}
