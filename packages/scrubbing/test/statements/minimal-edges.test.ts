import { disposeModel } from "@filigree/core";
import { expect, test } from "vitest";
import { checkText } from "../support/check-text.ts";
import { EVEN, FIRST, twoNeurons, twoNeuronsTask } from "../support/two-signs.ts";

// Each token says two signs: whether its id is even, and whether it is among the first two of four. One neuron says
// whether both are positive, another only the second sign; the answer is what they add up to.

const [A, B] = [EVEN, FIRST];

const BOTH = `mlp L0 neuron 0 at last computes both from embed channel ${A} at last by a, embed channel ${B} at last by b`;
const ONE = `mlp L0 neuron 1 at last computes b from embed channel ${B} at last by b`;

async function minimal(...claims: readonly string[]) {
  const model = await twoNeurons({ dModel: 12, dMlp: 8 });
  const { claims: found } = await checkText([...claims, "circuit is minimal"].join("\n"), model, twoNeuronsTask);
  disposeModel(model);
  return found.at(-1)!;
}

test("edges of a node that feeds two others are dropped each on its own, and both are needed", async () => {
  const { verdict, why, controls, notes } = await minimal(BOTH, ONE);
  expect(verdict, why).toBe("supported");
  expect(notes[0]).toContain("4 nodes and 2 edges");
  expect(controls.map(({ name }) => name)).toContain("without embed[1] at last → 0.mlp.post_act[0] at last");
});

test("an edge too many refutes, though every node is needed", async () => {
  const { verdict, why, controls } = await minimal(BOTH, `${ONE}, embed channel ${A} at last by a`);
  expect(verdict).toBe("refuted");
  expect(why).toContain("embed[0] at last → 0.mlp.post_act[1] at last is one too many");
  const nodes = controls.filter(({ name }) => name.startsWith("without ") && !name.includes("→"));
  expect(nodes).toHaveLength(4);
  for (const { figures } of nodes) expect(figures["drop"]!.low).toBeGreaterThan(0.01);
});
