import * as tf from "@tensorflow/tfjs-core";
import { disposeModel } from "@filigree/core";
import { expect, test } from "vitest";
import type { TraceLine } from "../src/index.ts";
import { checkText } from "./support/check-text.ts";
import { copierTask, plantedCopier } from "./support/planted-copier.ts";

const CLAIMS = `
donors 2
examples 40
attn L1 head 2 copies quote type from opener to last via v
attn L1.pattern at last carries quote type
mlp L0 at last ignores quote type
attn L1 head 2 attends from last to opener expect mass >= 0.5
{ attn L1 + mlp L0 } is sufficient
`;

test("the same inputs give the same bytes, another seed other draws, and no tensor stays", async () => {
  const model = await plantedCopier();
  const task = copierTask();
  const run = (text: string) => {
    const lines: TraceLine[] = [];
    const document = checkText(text, model, task, (line) => lines.push(line));
    return { document: JSON.stringify(document), lines };
  };
  run(CLAIMS);
  const before = tf.memory().numTensors;
  const [first, second] = [run(CLAIMS), run(CLAIMS)];
  expect(tf.memory().numTensors).toBe(before);
  expect(second.document).toBe(first.document);
  expect(second.lines).toEqual(first.lines);
  expect(run(`seed 7${CLAIMS}`).document).not.toBe(first.document);
  disposeModel(model);

  const sham = first.lines.filter(({ rule }) => rule === "SELF");
  expect(sham.length).toBeGreaterThan(0);
  for (const { before, after, delta2, kl } of sham) {
    expect(after).toEqual(before);
    expect([delta2, kl]).toEqual([0, 0]);
  }
});

test("a claim's verdict does not depend on the claims beside it", async () => {
  const model = await plantedCopier();
  const task = copierTask();
  const named = [
    "claim copy: attn L1 head 2 copies quote type from opener to last via v",
    "claim embedding: embed at opener carries quote type",
  ];
  const forwards = checkText(named.join("\n"), model, task).claims;
  const backwards = checkText([...named].reverse().join("\n"), model, task).claims;
  disposeModel(model);
  for (const { name, figures, verdict } of forwards) {
    const other = backwards.find((claim) => claim.name === name)!;
    expect({ figures: other.figures, verdict: other.verdict }).toEqual({ figures, verdict });
  }
});
