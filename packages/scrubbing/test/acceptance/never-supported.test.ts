import { disposeModel, SUBLAYER_LOCTYPES } from "@filigree/core";
import { expect, test } from "vitest";
import { checkClaim, checkText, verdicts } from "../support/check-text.ts";
import { makeModel, PLAIN, randomModel } from "../support/make-model.ts";
import { makeTask } from "../support/make-task.ts";
import { closeQuoteTask, loadProgram } from "../support/programs.ts";

const UNTRAINED = {
  ...PLAIN,
  nLayer: 2,
  nHead: 2,
  dHead: 3,
  dModel: 12,
  dMlp: 8,
  vocabSize: 8,
  norm: "rms" as const,
  afrac: 0.5,
  afracLoctypes: SUBLAYER_LOCTYPES,
  sink: true,
  positions: "added" as const,
};

const POSITIVE = [
  "embed at opener carries quote type",
  "attn L1 at last carries quote type",
  "attn L0 head 1 at last carries quote type",
  "resid L1 at last carries quote type",
  "attn L1 copies quote type from opener to last via v",
  "attn L1 head 0 attends from last to opener expect mass >= 0.01",
  "embed at opener contains quote type",
  "attn L1 at last carries at most quote type",
  "attn L1 copies quote type from opener to last via v alone",
  "embed at opener affects logits",
  "embed at opener affects attn L1.v at opener",
  `attn L1 channel 0 at last equals if quote_type == "double" then 1 else 0`,
  "{ mlp L0 + attn L1.v } is sufficient",
  "{ mlp L0 + attn L1.v } is necessary",
];

test.each([1, 2, 3])("no positive claim about untrained weights is supported (%i)", async (number) => {
  const model = await randomModel(UNTRAINED, number, 0.5);
  const document = await checkText(POSITIVE.join("\n"), model, closeQuoteTask());
  disposeModel(model);
  expect(new Set(Object.values(verdicts(document)))).toEqual(new Set(["untestable"]));
});

test("always saying the commonest answer is not competence", async () => {
  // The opener moves the log-odds a little, and the bias decides: the answer is always 0, which is right in 9 of 10.
  const model = await makeModel(
    { ...PLAIN, vocabSize: 8 },
    {
      "transformer.wte.weight": [
        [0, 0, 1],
        [1, 0, -1],
      ],
      "transformer.h.0.attn.c_attn.weight": [[2, 0, 1]],
      "transformer.h.0.attn.c_proj.weight": [[1, 0, 1]],
      "lm_head.weight": [[0, 1, 1]],
      final_logits_bias: [[0, 0, 5]],
    },
  );
  const task = closeQuoteTask();
  const examples = task.examples.map((example, i) => {
    const answer = i % 10 === 0 ? 1 : 0;
    return { ...example, answer, foil: 1 - answer };
  });
  const { claims, model: competence } = await checkText(POSITIVE[0]!, model, { ...task, examples });
  disposeModel(model);
  expect(competence.accuracy).toBeGreaterThan(0.88);
  expect(claims[0]!.verdict).toBe("untestable");
});

test("a claim about an inert site is never supported", async () => {
  const model = await loadProgram("close_quote");
  const inert = [
    "mlp L0 at opener carries quote type",
    "mlp L1 at last carries quote type",
    "embed at after carries quote type",
    "attn L0 head 0 at last carries quote type",
    "attn L0 copies quote type from opener to last via v",
    "attn L1 copies quote type from after to last via v",
    "mlp L1 at last ignores quote type",
    "embed at after ignores filler",
    "attn L0 head 0 attends from last to opener expect mass >= 0.01",
    "mlp L1.neurons is necessary",
  ];
  const found = verdicts(await checkText(inert.join("\n"), model, closeQuoteTask()));
  disposeModel(model);
  expect(Object.entries(found).filter(([, verdict]) => verdict === "supported")).toEqual([]);
  expect(found["mlp L1 at last ignores quote type"]).toBe("vacuous");
});

test("trivial hypotheses say nothing: the whole input as a feature, one value, a copy of another feature", async () => {
  const model = await loadProgram("close_quote");
  const task = closeQuoteTask();
  const examples = task.examples.map((example) => ({
    ...example,
    features: {
      ...example.features,
      "whole input": example.ids.join(),
      "the same": 1,
      "quote twin": example.answer,
    },
  }));
  const names = ["quote type", "filler", "whole input", "the same", "quote twin"];
  const trivial = makeTask(task.answers, names, examples);
  const why = async (feature: string) => {
    const claim = await checkClaim(`embed at opener carries ${feature}`, model, trivial);
    expect(claim.verdict).toBe("untestable");
    return claim.why;
  };
  expect(await why("whole input")).toContain("donor");
  expect(await why("the same")).toContain("one value in all");
  expect(await why("quote twin")).toContain('varies together with "quote type"');
  expect(await why("quote type")).toContain('varies together with "quote twin"');
  disposeModel(model);
});

test("a feature finer than what the site tells apart is refuted", async () => {
  const model = await loadProgram("close_quote");
  const task = closeQuoteTask();
  // Half of the examples of each quote get another name for it.
  const examples = task.examples.map((example, i) => ({
    ...example,
    features: { "fine type": `${example.features["quote type"]} ${Math.floor(i / 2) % 2}` },
  }));
  const claim = await checkClaim(
    "embed at opener carries fine type",
    model,
    makeTask(task.answers, ["fine type"], examples),
  );
  disposeModel(model);
  expect(claim.verdict).toBe("refuted");
  expect(claim.why).toContain("too fine");
});

test("r that shuffled values of the feature reach as well says nothing", async () => {
  // Tokens 2 k and 2 k + 1 share a level and differ from it a little. With one donor each, hardly any two shuffled
  // values agree, and those that do agree by chance.
  const level = (token: number) => (token >> 1) - 15.5 + (token % 2 === 0 ? 3 : -3);
  const model = await makeModel(
    { ...PLAIN, vocabSize: 64 },
    {
      "transformer.wte.weight": Array.from({ length: 64 }, (_, token) => [token, 0, level(token) / 8] as const),
      "lm_head.weight": [
        [0, 0, 1],
        [1, 0, -1],
      ],
    },
  );
  const drafts = Array.from({ length: 64 }, (_, token) => ({
    ids: [token],
    answer: level(token) > 0 ? 0 : 1,
    features: { level: token >> 1 },
  }));
  const claim = await checkClaim(
    "embed at last carries level expect r <= 95%, change >= 1%",
    model,
    makeTask([0, 1], ["level"], drafts),
    "donors 1",
  );
  disposeModel(model);
  expect(claim.figures["r"]!.high).toBeLessThan(0.95);
  expect(claim.verdict).toBe("vacuous");
  expect(claim.why).toContain("shuffled values of level");
});

test("a handful of contrast pairs settles nothing, even where all of them agree", async () => {
  const model = await loadProgram("close_quote");
  const text = ["examples 14", ...POSITIVE.slice(0, 2), "attn L1 at last ignores filler"].join("\n");
  const found = verdicts(await checkText(text, model, closeQuoteTask()));
  disposeModel(model);
  expect(Object.values(found)).toHaveLength(3);
  expect(Object.values(found)).not.toContain("supported");
});
