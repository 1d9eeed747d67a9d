import { disposeModel, type Model } from "@filigree/core";
import { DEFAULTS, type AffectsStatement } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import { expect, test } from "vitest";
import { checkClaim, checkText, verdicts } from "../support/check-text.ts";
import { checkStatements, CIRCUIT_IS_SUFFICIENT, part } from "../support/hand-made.ts";
import { makeModel, PLAIN, type Entry } from "../support/make-model.ts";
import { makeTask, sequences } from "../support/make-task.ts";

// One MLP layer over the last token. A token says two signs: `sign`, which the answer follows, and `noise`. Neurons 0
// and 1 pass the sign on; 2 and 3 pass on the noise, at some strength; the rest fire on fillers. Token ids: 2 bits.

const NEURONS = 8;
const [SIGN, NOISE, OUT, FILLER] = [0, 1, 2, 3];
const EVERYTHING = "attn L0.in + attn L0.q + attn L0.k + attn L0.v + attn L0 + mlp L0.in + mlp L0.neurons + mlp L0";
const LIVE = `mlp L0.in channel ${SIGN} + mlp L0 neurons 0, 1 + mlp L0 channel ${OUT}`;

/** @param spare residual channels and neurons that nothing is in */
function signModel(noise: number, spare = 0): Promise<Model> {
  const dead = NEURONS - 4;
  const read: Entry[] = [
    [0, SIGN, 1],
    [1, SIGN, -1],
    [2, NOISE, 1],
    [3, NOISE, -1],
    ...Array.from({ length: dead }, (_, i): Entry => [4 + i, FILLER + (i % 3), 1]),
  ];
  const config = { ...PLAIN, dModel: FILLER + 3 + spare, dMlp: NEURONS + spare, vocabSize: 7 };
  return makeModel(config, {
    "transformer.wte.weight": [
      ...[0, 1, 2, 3].flatMap((id): Entry[] => [
        [id, SIGN, id < 2 ? 1 : -1],
        [id, NOISE, id % 2 === 0 ? 1 : -1],
      ]),
      ...[0, 1, 2].map((i): Entry => [4 + i, FILLER + i, 1]),
    ],
    "transformer.h.0.mlp.c_fc.weight": read,
    "transformer.h.0.mlp.c_proj.weight": [
      [OUT, 0, 1],
      [OUT, 1, -1],
      [OUT, 2, noise],
      [OUT, 3, -noise],
    ],
    "lm_head.weight": [
      [0, OUT, 1],
      [1, OUT, -1],
    ],
  });
}

/** Fillers, then the token that counts. */
function signTask(): Task {
  const drafts = sequences([4, 5, 6], 3).flatMap((fillers) =>
    [0, 1, 2, 3].map((id) => ({
      ids: [...fillers, id],
      answer: id < 2 ? 0 : 1,
      features: { sign: id < 2, noise: id % 2 === 0, "last filler": fillers[2]! },
    })),
  );
  return makeTask([0, 1], ["sign", { name: "noise", nuisance: true }, { name: "last filler", nuisance: true }], drafts);
}

test("two nodes whose errors cancel in the loss: recovered says 1, the unexplained part refutes", async () => {
  const model = await signModel(0.8);
  const { verdict, figures, why } = await checkClaim(`${LIVE} is sufficient`, model, signTask());
  disposeModel(model);
  expect(figures["recovered"]!.estimate).toBeGreaterThan(0.9);
  expect(figures["recovered"]!.estimate).toBeLessThan(1.1);
  expect(figures["U"]!.estimate).toBeGreaterThan(0.2);
  expect(verdict).toBe("refuted");
  expect(why).toContain("outside the circuit");
});

test("with the cancelling nodes in it the circuit is supported", async () => {
  const model = await signModel(0.8);
  const whole = `mlp L0.in channels ${SIGN}, ${NOISE} + mlp L0 neurons 0-3 + mlp L0 channel ${OUT}`;
  const { verdict, figures } = await checkClaim(`${whole} is sufficient`, model, signTask());
  disposeModel(model);
  expect(figures["U"]!.estimate).toBe(0);
  expect(verdict).toBe("supported");
});

test("the whole model leaves nothing unexplained, which is vacuous", async () => {
  const model = await signModel(0.8);
  const { verdict, figures } = await checkClaim(`{ ${EVERYTHING} } is sufficient`, model, signTask());
  disposeModel(model);
  expect(figures["U"]).toMatchObject({ estimate: 0, low: 0, high: 0 });
  expect(verdict).toBe("vacuous");
});

test("the same nodes are supported once as many dead ones lie beside them", async () => {
  const model = await signModel(0);
  const { verdict, figures } = await checkClaim(`${LIVE} is sufficient`, model, signTask());
  disposeModel(model);
  expect(figures["U"]!.estimate).toBe(0);
  expect(verdict).toBe("supported");
});

test("what does the work is necessary where random nodes rarely are, and vacuously so where they often are", async () => {
  const found: string[] = [];
  for (const spare of [0, 100]) {
    const model = await signModel(0, spare);
    const { verdict, figures } = await checkClaim(`${LIVE} is necessary`, model, signTask());
    disposeModel(model);
    expect(figures["V"]!.estimate).toBeGreaterThan(0.8);
    found.push(verdict);
  }
  expect(found).toEqual(["vacuous", "supported"]);
});

test("dead nodes are neither sufficient nor necessary", async () => {
  const model = await signModel(0);
  const dead = `{ mlp L0 neurons 4-7 + mlp L0 channels 3-5 }`;
  const document = await checkText(`${dead} is sufficient\n${dead} is necessary`, model, signTask());
  disposeModel(model);
  expect(Object.values(verdicts(document))).toEqual(["refuted", "refuted"]);
});

test("half of the nodes that do the work are not sufficient", async () => {
  const model = await signModel(0);
  const half = `mlp L0.in channel ${SIGN} + mlp L0 neurons 0, 4 + mlp L0 channel ${OUT}`;
  const { verdict } = await checkClaim(`${half} is sufficient`, model, signTask());
  disposeModel(model);
  expect(verdict).toBe("refuted");
});

/** `circuit is sufficient` over claims in words of the language. */
async function circuitOf(claims: readonly string[], noise: number) {
  const model = await signModel(noise);
  const text = ["donors 2", "circuit is sufficient", ...claims].join("\n");
  const { claims: verdicts } = await checkText(text, model, signTask());
  disposeModel(model);
  return verdicts[0]!;
}

test("a file that leaves out nodes whose errors cancel recovers the loss, and is refuted", async () => {
  const { verdict, figures } = await circuitOf(["mlp L0 neurons 0, 1 at last carries sign"], 0.8);
  expect(figures["recovered"]!.estimate).toBeGreaterThan(0.9);
  expect(figures["recovered"]!.estimate).toBeLessThan(1.1);
  expect(figures["U"]!.estimate).toBeGreaterThan(0.2);
  expect(verdict).toBe("refuted");
});

test("a file that says what every node does explains the whole, dead nodes beside them or not", async () => {
  const claims = ["mlp L0 neurons 0, 1 at last carries sign", "mlp L0 neurons 2, 3 at last carries noise"];
  const dead = "mlp L0 neurons 4, 5 at last carries last filler";
  for (const list of [claims, [...claims, dead]]) {
    const { verdict, figures, why } = await circuitOf(list, 0.8);
    expect(figures["U"]!.estimate).toBeLessThan(1e-6);
    expect(verdict, why).toBe("supported");
  }
});

test("a file that takes the whole embedding from the reference leaves nothing unexplained, which is vacuous", async () => {
  const model = await signModel(0.8);
  const everything: AffectsStatement = {
    kind: "affects",
    from: [part("embed", "all")],
    to: [part("logits", "last")],
    through: [],
    thresholds: DEFAULTS.affects,
  };
  const { claims } = await checkStatements([CIRCUIT_IS_SUFFICIENT, everything], model, signTask(), { donors: 2 });
  disposeModel(model);
  expect(claims[0]!.figures["U"]).toMatchObject({ estimate: 0, low: 0, high: 0 });
  expect(claims[0]!.verdict).toBe("vacuous");
});
