import * as tf from "@tensorflow/tfjs-core";
import { disposeModel } from "@filigree/core";
import { expect, test } from "vitest";
import { ClaimTester, type ClaimVerdict, type TraceLine } from "../src/index.ts";
import { checkText, hypothesisOf } from "./support/check-text.ts";
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
  const run = async (text: string) => {
    const lines: TraceLine[] = [];
    const document = await checkText(text, model, task, (line) => lines.push(line));
    return { document: JSON.stringify(document), lines };
  };
  await run(CLAIMS);
  const before = tf.memory().numTensors;
  const [first, second] = [await run(CLAIMS), await run(CLAIMS)];
  expect(tf.memory().numTensors).toBe(before);
  expect(second.document).toBe(first.document);
  expect(second.lines).toEqual(first.lines);
  expect((await run(`seed 7${CLAIMS}`)).document).not.toBe(first.document);
  disposeModel(model);

  const sham = first.lines.filter(({ rule }) => rule === "SELF");
  expect(sham.length).toBeGreaterThan(0);
  for (const { before, after, delta2, kl } of sham) {
    expect(after).toEqual(before);
    expect([delta2, kl]).toEqual([0, 0]);
  }
});

/** Verdicts by what the claims say; a claim's name and place are not part of it. */
function byText(verdicts: readonly ClaimVerdict[]): Record<string, ClaimVerdict> {
  return Object.fromEntries(verdicts.map((verdict) => [verdict.text, { ...verdict, name: "", line: 0 }]));
}

test("a claim comes out the same alone, under another name, in another place, and whatever runs beside it", async () => {
  const model = await plantedCopier();
  const task = copierTask();
  const settings = "donors 2\nexamples 40\n";
  const claims = [
    "attn L1 head 2 copies quote type from opener to last via v",
    "embed at opener carries quote type",
    "attn L1 head 2 attends from last to opener expect mass >= 0.5",
    "mlp L0 at last ignores quote type",
    "{ attn L1 + mlp L0 } is sufficient",
  ];
  const found = async (lines: readonly string[]) =>
    byText((await checkText(settings + lines.join("\n"), model, task)).claims);
  const together = await found(claims);
  for (const claim of claims.slice(0, 2)) {
    expect(await found([claim])).toEqual({ [claim]: together[claim] });
  }
  const named = claims.map((claim, i) => `claim c${i}: ${claim}`).reverse();
  const tester = new ClaimTester(hypothesisOf(settings + named.join("\n"), model, task), model, task);
  const interleaved = await Promise.all(named.map((_, i) => tester.test(i)));
  disposeModel(model);
  expect(byText(interleaved)).toEqual(together);
});

test("a check that is stopped ends with the signal's reason", async () => {
  const model = await plantedCopier();
  const task = copierTask();
  const tester = new ClaimTester(hypothesisOf("embed at opener carries quote type", model, task), model, task);
  const controller = new AbortController();
  const stopped = tester.test(0, { signal: controller.signal, onProgress: () => controller.abort("enough") });
  await expect(stopped).rejects.toBe("enough");
  disposeModel(model);
});
