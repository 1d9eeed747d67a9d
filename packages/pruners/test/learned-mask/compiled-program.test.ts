import { join } from "node:path";
import { disposeModel, loadModel, parseNodeId, randomStream, seed } from "@filigree/core";
import { evaluateTask, type Example, type Task } from "@filigree/tasks";
import { expect, test } from "vitest";
import { circuitNodes, pruneTask } from "../../src/index.ts";
import { withMeans } from "../corpus-means.ts";

// A program compiled to a transformer (Lindner et al. 2023): it closes the last quote that was opened.

// Tokens " ' ( a b c, then the one that begins each prompt.
const [DOUBLE, SINGLE, PAREN, FIRST_LETTER, LETTERS, BEGIN] = [0, 1, 2, 3, 3, 6];

/** Channels of the residual stream that have to do with which quote was opened and where, in the compiler's labels. */
const MEANINGFUL: ReadonlySet<number> = new Set(
  Object.values({
    answers: [0, 1],
    quoteOpensHere: [14, 15],
    alwaysOne: [16],
    quoteTokens: [17, 18],
    begin: [23],
  }).flat(),
);

/** Prompts of one quote among letters and parentheses. */
function quoteTask(): Task {
  const random = randomStream(seed(3), "prompts");
  const filler = (count: number) =>
    Array.from({ length: count }, () => (random.uniform() < 0.3 ? PAREN : FIRST_LETTER + random.integer(LETTERS)));
  const examples = Array.from({ length: 60 }, (_, pair) => {
    const before = filler(random.integer(4));
    const after = filler(1 + random.integer(4));
    return [DOUBLE, SINGLE].map((quote): Example => {
      const ids = [BEGIN, ...before, quote, ...after];
      return {
        ids,
        answer: quote,
        foil: quote === DOUBLE ? SINGLE : DOUBLE,
        position: ids.length - 1,
        features: { "quote type": quote },
        positions: { opener: before.length + 1, last: ids.length - 1 },
        pair: 2 * pair + (quote === DOUBLE ? 1 : 0),
        template: `t${pair}`,
        split: pair < 40 ? "dev" : "test",
      };
    });
  }).flat();
  return {
    name: "close quote",
    answers: [DOUBLE, SINGLE],
    numeric: false,
    features: [{ name: "quote type", nuisance: false, anchor: "opener" }],
    positionNames: ["opener", "last"],
    examples,
    hash: "2".repeat(64),
  };
}

test("the circuit of a compiled program is made of what the compiler made for it", async () => {
  const task = quoteTask();
  const loaded = await loadModel(join(import.meta.dirname, "../fixtures/tracr/close_quote"));
  const model = withMeans(loaded, task.examples);
  const own = evaluateTask(model, task, { split: "dev" });
  expect(own.accuracy).toBe(1);
  // Compiled answers are never sharper than one logit: the target is the model's own loss and a little more.
  const { nodeFile, evaluation, reached } = await pruneTask(model, task, {
    seed: seed(1),
    target: own.loss + 0.02,
    options: { steps: 100, batchPairs: 32 },
  });
  expect(reached).toBe(true);
  expect(evaluation.uncalibrated.test.accuracy).toBe(1);
  expect(evaluation.uncalibrated.test.loss).toBeLessThan(own.loss + 0.04);
  expect(evaluation.calibrated.test.loss).toBeLessThan(0.15);
  const nodes = circuitNodes(nodeFile).map(parseNodeId);
  expect(nodes.length).toBeLessThanOrEqual(20);
  const residual = nodes.filter(({ site }) => /act_in|resid_delta/u.test(site));
  expect(residual.filter(({ channel }) => !MEANINGFUL.has(channel))).toEqual([]);
  // The answer leaves through layer 1's attention alone.
  expect(residual.filter(({ site }) => site === "1.attn.resid_delta").map(({ channel }) => channel)).not.toEqual([]);
  expect(nodes.filter(({ site }) => site.startsWith("1.mlp"))).toEqual([]);
  disposeModel(model);
});
