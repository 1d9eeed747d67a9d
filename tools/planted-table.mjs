// Prints how well each built-in pruner tells planted circuits from decoys, for the README of pruner-testkit:
//   node tools/planted-table.mjs [MODELS]
//
// MODELS planted models of each shape, 4 where left out. A figure is the mean over them of the area under the ROC curve
// over edges, and the last column the mean number of nodes kept beside the number planted.
import { disposeModel } from "../packages/core/dist/index.js";
import { plantedAuc, plantedModel } from "../packages/pruner-testkit/dist/index.js";
import { listPruners } from "../packages/pruners/dist/index.js";

const MODELS = Number(process.argv[2] ?? 4);
const SHAPES = ["copy", "neuron", "chain"];
/** Enough steps for models so small. */
const OPTIONS = { "learned-mask": { steps: 100 }, "hard-concrete": { steps: 100 } };

const pruners = listPruners();
const areas = new Map(pruners.map(({ name }) => [name, Object.fromEntries(SHAPES.map((shape) => [shape, []]))]));
const excess = new Map(pruners.map(({ name }) => [name, []]));
for (const shape of SHAPES) {
  for (let seed = 0; seed < MODELS; seed++) {
    const planted = await plantedModel(seed, shape);
    for (const pruner of pruners) {
      const options = OPTIONS[pruner.name] ?? {};
      const found = await plantedAuc(pruner, planted, { options });
      areas.get(pruner.name)[shape].push(found.edges);
      excess.get(pruner.name).push(found.excess);
    }
    disposeModel(planted.model);
    process.stderr.write(`${shape} ${seed}\n`);
  }
}

print(["pruner", ...SHAPES, "nodes kept / planted"]);
print(["---", ...SHAPES.map(() => "---:"), "---:"]);
for (const { name } of pruners) {
  print([
    `\`${name}\``,
    ...SHAPES.map((shape) => mean(areas.get(name)[shape]).toFixed(2)),
    mean(excess.get(name)).toFixed(1),
  ]);
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function print(cells) {
  console.log(`| ${cells.join(" | ")} |`);
}
