import { disposeModel, type Model } from "@filigree/core";
import { DEFAULTS, type ComputesInput, type ComputesStatement, type SitePart } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import { expect, test } from "vitest";
import { checkText } from "../support/check-text.ts";
import { checkStatement, part } from "../support/hand-made.ts";
import { makeModel, PLAIN, type Entry } from "../support/make-model.ts";
import { makeTask, sequences } from "../support/make-task.ts";

// The last token says a sign a, the one before it a sign b, and the first a sign c. A head brings b to the last token;
// neurons there work out whether both are positive, which is the answer. c is brought too, and read where it is planted.

const [A, B, C, ONE, OUT, BACK, HERE] = [0, 1, 2, 3, 4, 5, 6];

/** @param leak how much the neurons read of c */
function andModel(leak = 0): Promise<Model> {
  const entries: Record<string, readonly Entry[]> = {
    "transformer.wte.weight": Array.from({ length: 8 }, (_, id): Entry[] => {
      const sign = id % 2 === 0 ? 1 : -1;
      return [
        [id, A, sign],
        [id, ONE, 1],
      ];
    }).flat(),
    "transformer.wpe.weight": [
      [0, C, 1],
      [1, BACK, 1],
      [2, HERE, 1],
    ],
    // Two heads that each look at one position: queries from ONE, keys from the position; values carry the sign.
    "transformer.h.0.attn.c_attn.weight": [
      [0, ONE, 20],
      [1, ONE, 20],
      [2, BACK, 1],
      [3, C, 1],
      [4, A, 1],
      [5, A, 1],
    ],
    "transformer.h.0.attn.c_proj.weight": [
      [B, 0, 1],
      [C, 1, 1],
    ],
    "transformer.h.0.mlp.c_fc.weight": [
      [0, A, 1],
      [0, B, 1],
      [0, C, leak],
    ],
    "transformer.h.0.mlp.c_fc.bias": [[0, 0, -1]],
    "transformer.h.0.mlp.c_proj.weight": [[OUT, 0, 8]],
    "lm_head.weight": [
      [0, OUT, 1],
      [1, OUT, -1],
    ],
    final_logits_bias: [
      [0, 0, -1],
      [1, 0, 1],
    ],
  };
  const config = { ...PLAIN, nHead: 2, dModel: 7, vocabSize: 8, blockSize: 3, bias: true, positions: "added" as const };
  return makeModel(config, entries);
}

function andTask(): Task {
  const drafts = sequences([0, 1, 2, 3, 4, 5, 6, 7], 3)
    .filter((_, i) => i % 3 !== 1)
    .map((ids) => {
      const [c, b, a] = ids.map((id) => id % 2 === 0) as [boolean, boolean, boolean];
      return { ids, answer: a && b ? 0 : 1, features: { both: a && b, a, b, c }, positions: { before: 1 } };
    });
  return makeTask([0, 1], ["both", "a", "b", "c"], drafts);
}

const NEURON: SitePart = part("0.mlp.post_act", "last");
const HERE_A: ComputesInput = { parts: [part("0.resid_mid", "last", [A])], feature: "a" };
const HERE_B: ComputesInput = { parts: [part("0.resid_mid", "last", [B])], feature: "b" };
const HERE_C: ComputesInput = { parts: [part("0.resid_mid", "last", [C])], feature: "c" };
const THERE_B: ComputesInput = { parts: [part("embed", "before")], feature: "b" };

function computes(inputs: readonly ComputesInput[], changes: Partial<ComputesStatement> = {}): ComputesStatement {
  return { kind: "computes", parts: [NEURON], feature: "both", inputs, thresholds: DEFAULTS.computes, ...changes };
}

async function verdictOf(statement: ComputesStatement, leak = 0) {
  const model = await andModel(leak);
  const claim = await checkStatement(statement, model, andTask(), { examples: 200, donors: 2 });
  disposeModel(model);
  return claim;
}

test("what is worked out from the inputs named is supported, near by or through a head", async () => {
  for (const inputs of [
    [HERE_A, HERE_B],
    [HERE_A, THERE_B],
  ]) {
    const { verdict, figures, why } = await verdictOf(computes(inputs));
    expect(figures["r"]!.estimate, why).toBeLessThan(1e-6);
    expect(figures["V"]!.estimate).toBeGreaterThan(0.5);
    expect(verdict, why).toBe("supported");
  }
});

test("an input left out, of another place or told by another feature is refuted", async () => {
  const elsewhere = { parts: [part("embed", "first")], feature: "b" };
  const asC = { ...HERE_B, feature: "c" };
  for (const inputs of [[HERE_A], [HERE_B], [HERE_A, HERE_C], [HERE_A, elsewhere], [HERE_A, asC]]) {
    const { verdict, figures } = await verdictOf(computes(inputs));
    expect(figures["r"]!.low, JSON.stringify(inputs)).toBeGreaterThan(0.2);
    expect(verdict).toBe("refuted");
  }
});

test("an input that is not named and leaks into the site refutes", async () => {
  const { verdict } = await verdictOf(computes([HERE_A, HERE_B]), 0.8);
  expect(verdict).toBe("refuted");
});

test("an input without a feature keeps the datum of the site", async () => {
  const whole = computes([{ parts: HERE_A.parts }, { parts: HERE_B.parts }]);
  const { verdict, figures } = await verdictOf(whole);
  expect(figures["r"]!.estimate).toBeLessThan(1e-6);
  expect(verdict).toBe("supported");
});

test("a site that ignores its inputs, or that nothing reads, computes nothing", async () => {
  const back = { parts: [part("0.resid_in", "first")], feature: "c" };
  const { verdict } = await verdictOf(computes([back], { feature: "c", parts: [part("0.mlp.post_act", "first")] }));
  expect(verdict).toBe("refuted");
});

test("a site is not its own input", async () => {
  const { verdict, why } = await verdictOf(computes([{ parts: [NEURON], feature: "both" }]));
  expect(verdict).toBe("untestable");
  expect(why).toContain("its own input");
});

test("in words of the language: inputs with their features, and circuits in all four ways", async () => {
  const model = await andModel();
  const text = `
    examples 120
    donors 2
    mlp L0.neurons at last computes both from resid L0.mid channel ${A} at last by a, embed at before by b
    circuit is sufficient, complete and minimal
    { mlp L0.neurons + mlp L0 } is necessary jointly`;
  const { claims } = await checkText(text, model, andTask());
  disposeModel(model);
  const [computes, sufficient, complete, minimal, necessary] = claims;
  expect(computes!.verdict, computes!.why).toBe("supported");
  expect(sufficient!.verdict, sufficient!.why).toBe("supported");
  // Too few examples to bound the gap, but nothing speaks against it.
  expect(complete!.verdict, complete!.why).toBe("inconclusive");
  expect(minimal!.verdict, minimal!.why).toBe("supported");
  // One neuron is all that there is: a random one is the same.
  expect(necessary!.verdict, necessary!.why).toBe("vacuous");
});
