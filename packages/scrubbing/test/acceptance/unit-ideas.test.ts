import { disposeModel, randomStream, seed, type Model } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { expect, test } from "vitest";
import { checkText, verdicts } from "../support/check-text.ts";
import { makeModel, PLAIN, type Entry } from "../support/make-model.ts";
import { makeTask, type ExampleDraft } from "../support/make-task.ts";

// What a test of causal scrubbing should try (after the unit tests of Redwood Research's engine), one case each. A prompt
// is one token of 128; its bits are features, and its embedding says what the case wants. The answer follows channels 0
// and 1.

const TOKENS = 128;
const sign = (id: number, bit: number) => ((id >> bit) & 1 ? 1 : -1);

/** @param embedding what channel `c` of a token shows; the answer is the sign of channels 0 and 1 together */
function model(embedding: (id: number, c: number) => number): Promise<Model> {
  return makeModel(
    { ...PLAIN, vocabSize: TOKENS },
    {
      "transformer.wte.weight": Array.from({ length: TOKENS }, (_, id) =>
        [0, 1].map((c): Entry => [id, c, embedding(id, c)]),
      ).flat(),
      "lm_head.weight": [
        [0, 0, 1],
        [0, 1, 1],
        [1, 0, -1],
        [1, 1, -1],
      ],
    },
  );
}

/** The bits of a token by name; the answer is what the model says. */
function task(embedding: (id: number, c: number) => number, bits: Readonly<Record<string, number>>): Task {
  const drafts = Array.from({ length: TOKENS }, (_, id): ExampleDraft => ({
    ids: [id],
    answer: embedding(id, 0) + embedding(id, 1) > 0 ? 0 : 1,
    features: Object.fromEntries(Object.entries(bits).map(([name, bit]) => [name, sign(id, bit)])),
  }));
  const [, ...others] = Object.keys(bits);
  return makeTask([0, 1], [Object.keys(bits)[0]!, ...others.map((name) => ({ name, nuisance: true }))], drafts);
}

async function verdictsOf(
  claims: readonly string[],
  embedding: (id: number, c: number) => number,
  bits: Readonly<Record<string, number>>,
): Promise<string[]> {
  const on = await model(embedding);
  const document = await checkText(claims.join("\n"), on, task(embedding, bits));
  disposeModel(on);
  return Object.values(verdicts(document));
}

const random = randomStream(seed(9), "test/deviations");
const noise = Array.from({ length: TOKENS }, () => random.normal());
const ONE = "embed channel 0 at last carries a";
const OTHER = "embed channel 1 at last carries a";
const BOTH = "embed channels 0, 1 at last carries a";

test("cancelling intermediates: what one adds the other takes away, so that only both together carry the value", async () => {
  const embedding = (id: number, c: number) => (c === 0 ? sign(id, 0) + 2 * noise[id]! : -2 * noise[id]!);
  expect(await verdictsOf([ONE, OTHER, BOTH], embedding, { a: 0 })).toEqual(["refuted", "refuted", "supported"]);
});

test("swapped intermediates: each of two sites carries its own value and not the other's", async () => {
  const embedding = (id: number, c: number) => (c === 0 ? 3 * sign(id, 0) : sign(id, 1));
  const claims = [ONE, "embed channel 1 at last carries b", "embed channel 0 at last carries b", OTHER];
  const found = await verdictsOf(claims, embedding, { a: 0, b: 1 });
  expect(found).toEqual(["supported", "supported", "refuted", "refuted"]);
});

test("correlated inputs: of two values that vary together neither is identified", async () => {
  const embedding = (id: number, c: number) => (c === 0 ? sign(id, 0) : 0);
  expect(await verdictsOf([ONE], embedding, { a: 0, twin: 0 })).toEqual(["untestable"]);
});

test("tiny deviations are borne, large ones are not", async () => {
  const deviating = (size: number) => (id: number, c: number) => (c === 0 ? sign(id, 0) * 4 + size * noise[id]! : 0);
  expect(await verdictsOf([ONE], deviating(0.05), { a: 0 })).toEqual(["supported"]);
  expect(await verdictsOf([ONE], deviating(4), { a: 0, c: 2 })).not.toContain("supported");
});

test("a value spread over two nodes is carried by both together, by neither alone", async () => {
  // Half of the tokens say it here, half there.
  const embedding = (id: number, c: number) => (((id >> 1) & 1) === c ? sign(id, 0) : 0);
  expect(await verdictsOf([ONE, OTHER, BOTH], embedding, { a: 0 })).toEqual(["refuted", "refuted", "supported"]);
});

test("unspecified nodes: a claim about one site says nothing of another route, and a claim of being the only one fails", async () => {
  const embedding = (id: number, c: number) => (c === 0 ? 2 * sign(id, 0) : sign(id, 0));
  const only = "embed at last does not affect logits except through resid L0 channel 0 at last";
  const all = "embed at last does not affect logits except through resid L0 channels 0, 1 at last";
  const found = await verdictsOf([ONE, only, all], embedding, { a: 0 });
  expect(found).toEqual(["supported", "refuted", "supported"]);
});
