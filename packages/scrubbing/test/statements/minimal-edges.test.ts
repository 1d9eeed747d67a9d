import { disposeModel, type Model } from "@filigree/core";
import { expect, test } from "vitest";
import { checkText } from "../support/check-text.ts";
import { makeModel, PLAIN } from "../support/make-model.ts";
import { twoSignsEmbedding, twoSignsTask } from "../support/two-signs.ts";

// Each token says two signs: whether its id is even, and whether it is among the first two of four. One neuron says
// whether both are positive, another only the second sign; the answer is what they add up to.

const [A, B, OUT] = [0, 1, 2];

function twoNeurons(): Promise<Model> {
  return makeModel(
    { ...PLAIN, dModel: 12, dMlp: 8, vocabSize: 7, bias: true },
    {
      "transformer.wte.weight": twoSignsEmbedding({ first: B, even: A }),
      "transformer.h.0.mlp.c_fc.weight": [
        [0, A, 1],
        [0, B, 1],
        [1, B, 1],
      ],
      "transformer.h.0.mlp.c_fc.bias": [[0, 0, -1]],
      "transformer.h.0.mlp.c_proj.weight": [
        [OUT, 0, 2],
        [OUT, 1, 2],
      ],
      "lm_head.weight": [
        [0, OUT, 2],
        [1, OUT, -2],
      ],
      final_logits_bias: [
        [0, 0, -6],
        [1, 0, 6],
      ],
    },
  );
}

const task = twoSignsTask(["both", "a", "b"], (b, a) => ({ answer: a && b ? 0 : 1, features: { both: a && b, a, b } }));

const BOTH = `mlp L0 neuron 0 at last computes both from embed channel ${A} at last by a, embed channel ${B} at last by b`;
const ONE = `mlp L0 neuron 1 at last computes b from embed channel ${B} at last by b`;

async function minimal(...claims: readonly string[]) {
  const model = await twoNeurons();
  const { claims: found } = await checkText([...claims, "circuit is minimal"].join("\n"), model, task);
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
