// node tools/prune-table.mjs RESULTS.jsonl MODEL… [--tasks A,B] [--pruners P,Q] [--target 0.15] [--seed 0] [--budget N]:
// prunes each task that a model can do with each pruner, and appends a line for each run to the file; what is there
// already is left. A pruner may have a setting: eap-ig:score=absolute.
//
// What is there is printed with
//   --print: a table for each model and target, tasks × pruners
//   --curves: edges against the target, a table for each model and task that has several targets
//   --against DENSE SPARSE… [--target 0.15]: how many times fewer edges the others need than the first model, a table for
//     each pruner, over the tasks for which all of these models have a circuit
// Cells are edges; over several seeds, their geometric mean. A run that missed its target has no cell (–), and tasks
// with such a run or with a circuit without edges are in no mean.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { loadModel, seed } from "@filigree/core";
import { findPruner, pruneTask } from "@filigree/pruners";
import { InputError } from "@filigree/sites";
import { evaluateTask, listTasks, loadTask } from "@filigree/tasks";

const PRUNERS =
  "learned-mask,hard-concrete,greedy,acdc,eap-ig:score=absolute,attribution:score=absolute,eap-ig,attribution,eap,random";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tasks: { type: "string" },
    pruners: { type: "string", default: PRUNERS },
    target: { type: "string", default: "0.15" },
    seed: { type: "string", default: "0" },
    budget: { type: "string" },
    print: { type: "boolean", default: false },
    curves: { type: "boolean", default: false },
    against: { type: "boolean", default: false },
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
const distinct = (key, some = lines) => [...new Set(some.map((line) => line[key]))];
if (options.print) print(tables());
else if (options.curves) print(curves());
else if (options.against) print(against(...models.map((directory) => basename(directory))));
else for (const directory of models) await pruneModel(directory);

async function pruneModel(directory) {
  const model = await loadModel(directory);
  const names = options.tasks?.split(",") ?? listTasks().map(({ name }) => name);
  for (const name of names) {
    const around = { ...model.config, tokenizer: model.tokenizer, baseDirectory: ".", seed: seed(0) };
    const task = loadTask(name, around);
    if (evaluateTask(model, task, { split: "dev" }).loss > target) continue;
    for (const pruner of prunersAsked()) {
      const budget = options.budget === undefined ? undefined : Number(options.budget);
      const run = { model: basename(directory), task: name, pruner, target, seed: Number(options.seed), budget };
      if (lines.some((line) => Object.entries(run).every(([key, value]) => line[key] === value))) continue;
      const begun = process.cpuUsage();
      const found = await pruneOrRefuse(run, () =>
        pruneTask(model, task, {
          pruner: findPruner(pruner.split(":")[0]),
          options: settingsOf(pruner),
          target,
          seed: seed(run.seed),
          ...(budget !== undefined && { budget }),
        }),
      );
      if (found === undefined) continue;
      const { evaluation, reached } = found;
      const { user, system } = process.cpuUsage(begun);
      const line = {
        ...run,
        options: settingsOf(pruner),
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

/** The pruner's result; undefined, with a line that says why, where the task is no question to this model. */
async function pruneOrRefuse({ model, task, pruner }, prune) {
  try {
    return await prune();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    process.stderr.write(`${model}, ${task}, ${pruner}: left out. ${error.message}\n`);
    return undefined;
  }
}

/** A table a model and target: tasks in rows, pruners in columns; the last row is their geometric mean. */
function tables() {
  return distinct("model").flatMap((model) => {
    const own = lines.filter((line) => line.model === model);
    return targetsOf(own).map((target) => {
      const some = own.filter((line) => line.target === target);
      const pruners = prunersOf(some);
      const rows = distinct("task", some).map((task) => ({
        name: `\`${task}\``,
        edges: pruners.map((pruner) => edgesOf({ model, target, task, pruner })),
      }));
      const complete = rows.filter(({ edges }) => edges.every((n) => n > 0));
      return [
        [`\`${model}\`, target ${target}`, ...pruners.map((name) => `\`${name}\``)],
        ...rows.map(({ name, edges }) => [name, ...edges.map(whole)]),
        [
          `geometric mean of ${complete.length}`,
          ...pruners.map((_, i) => whole(geometricMean(complete.map(({ edges }) => edges[i])))),
        ],
      ];
    });
  });
}

/** A table a model and task: pruners in rows, targets in columns. */
function curves() {
  return distinct("model").flatMap((model) =>
    distinct("task").flatMap((task) => {
      const own = lines.filter((line) => line.model === model && line.task === task);
      const targets = targetsOf(own);
      if (targets.length < 2) return [];
      const rows = prunersOf(own).map((pruner) => [
        `\`${pruner}\``,
        ...targets.map((target) => whole(edgesOf({ model, task, pruner, target }))),
      ]);
      return [[[`\`${model}\`, \`${task}\``, ...targets], ...rows]];
    }),
  );
}

/** A table a pruner: tasks in rows; edges of each model, and the first model's edges divided by those of each other. */
function against(dense, ...sparse) {
  const named = [dense, ...sparse];
  const unknown = named.filter((model) => !distinct("model").includes(model));
  if (sparse.length === 0 || unknown.length > 0) {
    throw new Error(`--against takes two or more of: ${distinct("model").join(", ")}`);
  }
  return prunersOf(lines).flatMap((pruner) => {
    const rows = distinct("task")
      .map((task) => ({ task, edges: named.map((model) => edgesOf({ model, target, task, pruner })) }))
      .filter(({ edges }) => edges.every((n) => n !== undefined));
    const compared = rows.filter(({ edges }) => edges.every((n) => n > 0));
    const ratios = ([first, ...others]) => others.map((n) => first / n);
    const empty = rows.filter((row) => !compared.includes(row)).map(({ task }) => `\`${task}\``);
    if (rows.length === 0) return [];
    const means = sparse.map((_, i) => times(geometricMean(compared.map(({ edges }) => ratios(edges)[i]))));
    return [
      [
        [
          `\`${pruner}\`, target ${target}`,
          ...named.map((name) => `\`${name}\``),
          ...sparse.map((name) => `÷ \`${name}\``),
        ],
        ...compared.map(({ task, edges }) => [`\`${task}\``, ...edges.map(whole), ...ratios(edges).map(times)]),
        [`geometric mean of ${compared.length}`, ...named.map(() => ""), ...means],
        ...(empty.length > 0
          ? [[`left out, no edges: ${empty.join(", ")}`, ...named.map(() => ""), ...sparse.map(() => "")]]
          : []),
      ],
    ];
  });
}

/**
 * Edges of the runs that have these properties, those with the largest budget where there are several; undefined where
 * there is none, and where one missed its target.
 */
function edgesOf(properties) {
  const all = lines.filter((line) => Object.entries(properties).every(([key, value]) => line[key] === value));
  const largest = Math.max(...all.map(({ budget = Infinity }) => budget));
  const runs = all.filter(({ budget = Infinity }) => budget === largest);
  return runs.every(({ reached }) => reached) ? geometricMean(runs.map(({ edges }) => edges)) : undefined;
}

function targetsOf(some) {
  return distinct("target", some).sort((a, b) => a - b);
}

function prunersOf(some) {
  return prunersAsked().filter((name) => some.some(({ pruner }) => pruner === name));
}

function prunersAsked() {
  return options.pruners.split(",");
}

/** `eap-ig:score=absolute` is a pruner with a setting of its own. */
function settingsOf(pruner) {
  const [name, ...settings] = pruner.split(":");
  return { ...SETTINGS[name], ...Object.fromEntries(settings.map((setting) => setting.split("="))) };
}

function geometricMean(numbers) {
  if (numbers.length === 0) return undefined;
  return Math.exp(numbers.reduce((sum, n) => sum + Math.log(n), 0) / numbers.length);
}

function whole(number) {
  return number === undefined ? "–" : String(Math.round(number));
}

function times(number) {
  return number === undefined ? "–" : `${number < 10 ? number.toPrecision(2) : Math.round(number)} ×`;
}

/** Tables in Markdown; the first row of each is its head. */
function print(some) {
  const line = (cells) => `| ${cells.join(" | ")} |\n`;
  const texts = some.map(([head, ...rows]) => {
    return [head, ["---", ...head.slice(1).map(() => "---:")], ...rows].map(line).join("");
  });
  process.stdout.write(texts.join("\n"));
}
