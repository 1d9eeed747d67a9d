import { disposeModel } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { expect, test } from "vitest";
import { checkClaim } from "./support/check-text.ts";
import { makeModel, PLAIN, randomModel } from "./support/make-model.ts";
import { makeTask, sequences } from "./support/make-task.ts";
import { closeQuoteTask, loadProgram } from "./support/programs.ts";

async function whyUntestable(claim: string, task: Task): Promise<string> {
  const model = await loadProgram("close_quote");
  const { verdict, why } = await checkClaim(claim, model, task);
  disposeModel(model);
  expect(verdict).toBe("untestable");
  return why;
}

test("a feature without donors that differ in it alone says what to add", async () => {
  const task = closeQuoteTask();
  // Each example has its own value of a feature that is not a nuisance: no two differ in the quote alone.
  const examples = task.examples.map((example, i) => ({
    ...example,
    features: { ...example.features, serial: i % 32 },
  }));
  const lone = makeTask(task.answers, ["quote type", "filler", "serial"], examples.slice(0, 33));
  expect(await whyUntestable("embed at opener carries quote type", lone)).toMatch(
    /references have an NE.*add contrast partners/,
  );
});

test("positions that most examples lack", async () => {
  const task = closeQuoteTask();
  const examples = task.examples.map((example, i) => {
    const { after, ...positions } = example.positions;
    return { ...example, positions: i % 4 === 0 ? { ...positions, after: after! } : positions };
  });
  const why = await whyUntestable(
    "embed at after carries quote type",
    makeTask(task.answers, ["quote type"], examples),
  );
  expect(why).toContain("75 % of the examples lack a position");
});

test("a feature that the answer does not follow cannot be copied, and the claim says so", async () => {
  const why = await whyUntestable("attn L1 copies filler from opener to last via v", closeQuoteTask());
  expect(why).toContain("no swap predicts another answer");
});

test("a model that answers every example alike has nothing to explain", async () => {
  const model = await makeModel({ ...PLAIN, vocabSize: 8 }, {});
  const { verdict, why } = await checkClaim("embed at opener ignores quote type", model, closeQuoteTask());
  disposeModel(model);
  expect(verdict).toBe("untestable");
  expect(why).toContain("answers every example alike");
});

test("positive claims wait until the model does the task", async () => {
  const model = await randomModel({ ...PLAIN, vocabSize: 8, blockSize: 9 }, 2);
  const { why } = await checkClaim("embed at opener carries quote type", model, closeQuoteTask());
  disposeModel(model);
  expect(why).toContain("the model does not do the task");
});

test("two figures are never compared over different examples", async () => {
  // Prompts of five tokens share one value of the feature, prompts of six have one each: swaps of whole prompts find EQ
  // donors for the first only, NE donors for the second only.
  const model = await makeModel(
    { ...PLAIN, vocabSize: 2 },
    {
      "transformer.wte.weight": [
        [0, 0, 1],
        [1, 0, -1],
      ],
      "lm_head.weight": [
        [0, 0, 1],
        [1, 0, -1],
      ],
    },
  );
  const drafts = [4, 5].flatMap((length) =>
    sequences([0, 1], length).map((bits, i) => ({
      ids: [0, ...bits],
      answer: bits.at(-1)!,
      features: { "odd name": length === 4 ? "common" : `only ${i}` },
    })),
  );
  const { verdict, why } = await checkClaim(
    "embed carries odd name",
    model,
    makeTask([0, 1], ["odd name"], drafts.slice(0, 32)),
  );
  disposeModel(model);
  expect(verdict).toBe("untestable");
  expect(why).toContain("only 0 of 32 references have an NE(odd name) and EQ(odd name) donor");
});

test("a pattern is swapped among examples of one length, and says so where there are none", async () => {
  const model = await loadProgram("induction");
  const draft = (ids: number[]) => ({ ids: [3, ...ids], answer: ids[0]!, features: { ends: ids.at(-1)! } });
  const drafts = [1, 2, 3, 4, 5].map((length) => draft(Array.from({ length }, (_, i) => (length + i) % 3)));
  const task = makeTask([0, 1, 2], ["ends"], drafts);
  const { verdict, why } = await checkClaim("attn L1.pattern at first ignores ends", model, task);
  disposeModel(model);
  expect(verdict).toBe("untestable");
  expect(why).toContain("equal length");
});
