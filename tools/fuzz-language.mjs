/**
 * Reads mutated and random `.circuit` files until it has read enough of them: `node tools/fuzz-language.mjs [COUNT]
 * [SEED]`. Each has to give a tree, and either a hypothesis or a diagnostic with a place in the text, in a moment.
 * Run `npm run build` first.
 */
import { readFile, readdir } from "node:fs/promises";
import { randomStream, seed } from "@filigree/core";
import { checkCircuit, formatCircuit, parseCircuit } from "@filigree/hypothesis";

const [count = 100_000, from = 0] = process.argv.slice(2).map(Number);
const random = randomStream(seed(from), "tools/fuzz-language");

const tour = new URL("../docs/language/tour/", import.meta.url);
const files = (await readdir(tour)).filter((name) => name.endsWith(".circuit"));
const seeds = await Promise.all(files.map((name) => readFile(new URL(name, tour), "utf8")));
/** Words and signs of the language, and what has no business in it. */
const bits = [
  ...new Set(seeds.join("\n").match(/\w+|[^\w\s]|\n/gu)),
  '"',
  "`",
  "/",
  "{",
  "}",
  "(",
  ")",
  "\0",
  "é",
  "\ud800",
  "9e99",
];

const environment = {
  shape: { nLayer: 4, nHead: 4, dHead: 16, dModel: 64, dMlp: 256 },
  task: {
    features: [
      { name: "quote type", nuisance: false, anchor: "opener", type: "text" },
      { name: "string body", nuisance: true, type: "text" },
    ],
    positions: ["opener"],
  },
};

const pick = (list) => list[random.integer(list.length)];

/** A file with some of its text dropped, doubled or replaced; or words without any sense. */
function nextText() {
  if (random.uniform() < 0.1) return Array.from({ length: random.integer(60) }, () => pick(bits)).join(pick(["", " "]));
  let text = pick(seeds);
  for (let cuts = 1 + random.integer(5); cuts > 0; cuts--) {
    const at = random.integer(text.length + 1);
    const end = at + random.integer(30);
    const added = random.uniform() < 0.2 ? text.slice(at, at + random.integer(200)) : pick(bits);
    text = text.slice(0, at) + added + text.slice(random.uniform() < 0.5 ? end : at);
  }
  return text;
}

let [worst, hypotheses] = [0, 0];
const start = performance.now();
for (let done = 0; done < count; done++) {
  const text = nextText();
  const before = performance.now();
  const { tree, diagnostics } = parseCircuit(text, "x");
  const checked = checkCircuit(tree, environment);
  const found = [...diagnostics, ...checked.diagnostics];
  const misplaced = found.some(({ span }) => span.start > span.end || span.end > text.length || span.line < 1);
  const laidOut = formatCircuit(text, "x");
  const unstable = laidOut.text !== undefined && formatCircuit(laidOut.text, "x").text !== laidOut.text;
  if (misplaced || unstable || (checked.hypothesis === undefined) !== found.length > 0) {
    console.error(JSON.stringify({ seed: from, input: done, misplaced, unstable, text }));
    process.exit(1);
  }
  if (checked.hypothesis) hypotheses++;
  worst = Math.max(worst, performance.now() - before);
}
const seconds = (performance.now() - start) / 1000;
console.log(
  `${count} inputs, ${hypotheses} of them whole hypotheses, in ${seconds.toFixed(0)} s; the slowest took ${worst.toFixed(0)} ms`,
);
