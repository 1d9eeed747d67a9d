// node tools/acdc-cost.mjs MODEL TASK [--target NATS]: what `acdc` over edges costs beside the published algorithm, which
// runs the dev split through the model once for each edge. Prints one JSON line.
import { parseArgs } from "node:util";
import { loadModel, seed, useBackend } from "@filigree/core";
import { acdc, pruneTask } from "@filigree/pruners";
import { evaluateTask, loadTask } from "@filigree/tasks";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { target: { type: "string", default: "0.15" } },
});
const [directory, name] = positionals;
await useBackend("wasm");
const model = await loadModel(directory, "wasm");
const { vocabSize, outSize, blockSize } = model.config;
const context = { tokenizer: model.tokenizer, vocabSize, outSize, blockSize, baseDirectory: ".", seed: seed(0) };
const task = loadTask(name, context);

let begun = process.cpuUsage();
const passes = Array.from({ length: 7 }, () => secondsOf(() => evaluateTask(model, task, { split: "dev" })));
const pass = passes.slice(2).toSorted((a, b) => a - b)[2];

let tries = 0;
let edges = 0;
begun = process.cpuUsage();
const { evaluation, reached } = await pruneTask(model, task, {
  seed: seed(0),
  pruner: acdc,
  target: Number(options.target),
  onProgress: ({ figures }) => {
    edges = Math.max(edges, figures.edges);
    if (++tries % 50 === 0) process.stderr.write(`${tries} tries, ${figures.edges} edges\n`);
  },
});
const seconds = secondsSince(begun);
const naive = pass * edges;
const line = { model: directory, task: name, edges, kept: evaluation.edges.length, reached, tries };
const cost = { seconds: rounded(seconds), passSeconds: rounded(pass), naiveSeconds: rounded(naive) };
process.stdout.write(`${JSON.stringify({ ...line, ...cost, ratio: rounded(naive / seconds) })}\n`);

/** Seconds of processor time: other work on the machine does not count. */
function secondsOf(work) {
  begun = process.cpuUsage();
  work();
  return secondsSince(begun);
}

function secondsSince(start) {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

function rounded(number) {
  return Number(number.toPrecision(4));
}
