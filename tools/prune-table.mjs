// node tools/prune-table.mjs RESULTS.jsonl MODEL… [--tasks A,B] [--pruners P,Q] [--target 0.15] [--seed 0]: prunes each
// task that a model can do with each pruner, and appends a line for each run to the file; what is there already is left.
// node tools/prune-table.mjs RESULTS.jsonl --print: the tables of what is there.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { loadModel, seed } from "@filigree/core";
import { findPruner, pruneTask } from "@filigree/pruners";
import { evaluateTask, listTasks, loadTask } from "@filigree/tasks";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tasks: { type: "string" },
    pruners: { type: "string", default: "learned-mask,greedy,eap-ig,acdc,hard-concrete,attribution,eap,random" },
    target: { type: "string", default: "0.15" },
    seed: { type: "string", default: "0" },
    print: { type: "boolean", default: false },
  },
});
/** Settings that differ from a pruner's own defaults: those with which the examples were found. */
const SETTINGS = { "learned-mask": { nodeCost: 0.004, steps: 450, learningRate: 0.006 } };

const [file, ...models] = positionals;
const target = Number(options.target);
const lines = existsSync(file)
  ? readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
  : [];
if (options.print) process.stdout.write(tables());
else for (const directory of models) await pruneModel(directory);

async function pruneModel(directory) {
  const model = await loadModel(directory);
  const names = options.tasks?.split(",") ?? listTasks().map(({ name }) => name);
  for (const name of names) {
    const around = { ...model.config, tokenizer: model.tokenizer, baseDirectory: ".", seed: seed(0) };
    const task = loadTask(name, around);
    if (evaluateTask(model, task, { split: "dev" }).loss > target) continue;
    for (const pruner of options.pruners.split(",")) {
      const run = { model: basename(directory), task: name, pruner, target, seed: Number(options.seed) };
      if (lines.some((line) => Object.entries(run).every(([key, value]) => line[key] === value))) continue;
      const begun = process.cpuUsage();
      const { evaluation, reached } = await pruneTask(model, task, {
        pruner: findPruner(pruner),
        options: SETTINGS[pruner] ?? {},
        target,
        seed: seed(run.seed),
      });
      const { user, system } = process.cpuUsage(begun);
      const line = {
        ...run,
        options: SETTINGS[pruner] ?? {},
        nodes: evaluation.nodes,
        edges: evaluation.edges.length,
        dev: evaluation.uncalibrated.dev.loss,
        test: evaluation.uncalibrated.test.loss,
        reached,
        processorSeconds: Math.round((user + system) / 1e6),
      };
      lines.push(line);
      appendFileSync(file, `${JSON.stringify(line)}\n`);
      process.stderr.write(`${JSON.stringify(line)}\n`);
    }
  }
}

/** A table a model: tasks in rows, pruners in columns, edges in cells; the last row is their geometric mean. */
function tables() {
  return [...new Set(lines.map(({ model }) => model))].map(tableOf).join("\n");
}

function tableOf(model) {
  const own = lines.filter((line) => line.model === model);
  const pruners = options.pruners.split(",").filter((name) => own.some(({ pruner }) => pruner === name));
  const tasks = [...new Set(own.map(({ task }) => task))];
  const edges = (task, pruner) => {
    const found = own.filter((line) => line.task === task && line.pruner === pruner);
    return found.length === 0 ? undefined : geometricMean(found.map((line) => line.edges));
  };
  const complete = tasks.filter((task) => pruners.every((pruner) => edges(task, pruner) !== undefined));
  const rows = tasks.map((task) => [`\`${task}\``, ...pruners.map((pruner) => shown(edges(task, pruner)))]);
  const means = pruners.map((pruner) => shown(geometricMean(complete.map((task) => edges(task, pruner)))));
  return [
    ["`" + model + "`", ...pruners.map((name) => `\`${name}\``)],
    ["---", ...pruners.map(() => "---:")],
    ...rows,
    [`geometric mean of ${complete.length}`, ...means],
  ]
    .map((row) => `| ${row.join(" | ")} |\n`)
    .join("");
}

function geometricMean(numbers) {
  if (numbers.length === 0) return undefined;
  return Math.exp(numbers.reduce((sum, n) => sum + Math.log(Math.max(n, 1)), 0) / numbers.length);
}

function shown(number) {
  return number === undefined ? "–" : String(Math.round(number));
}
