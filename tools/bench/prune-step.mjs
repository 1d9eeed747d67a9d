import { checkOptions, defineOptions, nodeSites, seed, siteWidth } from "@filigree/core";
import { definePruner, learnedMask, pruneTask } from "@filigree/pruners";

/** Two tokens that stand for a task's answers. */
const ANSWERS = [0, 1];

/** A step of the learned mask on all pairs: forward, backward to every gate, AdamW. */
export async function pruneStep(model, { batch, seq, ids }) {
  const means = new Map(nodeSites(model.config).map((site) => [site, new Float32Array(siteWidth(model.config, site))]));
  const task = taskOf({ batch, seq, ids });
  const options = await checkOptions(learnedMask.options, { steps: 1_000_000, batchPairs: batch / 2 }, "the benchmark");
  let context;
  // What a pruner gets is kept, to go on with it at will.
  const pruner = definePruner({
    name: "bench",
    version: "1.0.0",
    about: "keeps its context",
    apiVersion: 1,
    options: defineOptions({}),
    init(ctx) {
      context = ctx;
      return null;
    },
    step: (_, __, state) => ({ state, done: true, progress: 1 }),
    finish: (ctx) => new Map([...ctx.sites].map(([site, width]) => [site, new Float32Array(width).fill(1)])),
  });
  await pruneTask({ ...model, means }, task, { seed: seed(0), pruner, target: 0.1, modelMayMiss: true });
  let state = learnedMask.init(context, options);
  return () => void (state = learnedMask.step(context, options, state).state);
}

/** Random tokens: there is nothing to find, and a step takes as long. */
function taskOf({ batch, seq, ids }) {
  const example = (row, split) => ({
    ids: Array.from(ids.subarray(row * seq, (row + 1) * seq)),
    answer: ANSWERS[row % 2],
    foil: ANSWERS[1 - (row % 2)],
    position: seq - 1,
    features: { answer: row % 2 },
    positions: { last: seq - 1 },
    ...(split === "dev" ? { pair: row % 2 === 0 ? row + 1 : row - 1 } : {}),
    template: `row ${row}`,
    split,
  });
  const dev = Array.from({ length: batch }, (_, row) => example(row, "dev"));
  return {
    name: "bench",
    answers: ANSWERS,
    numeric: false,
    features: [{ name: "answer", nuisance: false }],
    positionNames: ["last"],
    examples: [...dev, example(0, "test"), example(1, "test")],
    hash: "0".repeat(64),
  };
}
