import { disposeModel } from "@filigree/core";
import { afterAll, expect, test } from "vitest";
import { ClaimTester, type ClaimPlan } from "../src/index.ts";
import { hypothesisOf } from "./support/check-text.ts";
import { copierTask, plantedCopier } from "./support/planted-copier.ts";

const CLAIMS = `
donors 3
examples 40
attn L1 head 2 copies quote type from opener to last via v
attn L1.v at opener carries quote type
attn L1.v at opener carries quote type  expect r <= 30%
embed at opener carries quote type
{ attn L1 + mlp L0 } is necessary
`;

const model = await plantedCopier();
const task = copierTask();
const origin = { file: "test.circuit", fileHash: "", backend: "wasm" };
afterAll(() => disposeModel(model));

function testerOf(text: string): ClaimTester {
  return new ClaimTester(hypothesisOf(text, model, task), model, task, { nulls: false });
}

function ruleOf(plan: ClaimPlan, rule: string) {
  return plan.rules.find((one) => one.rule === rule)!;
}

test("a plan counts the passes that the check makes, and runs none", async () => {
  const tester = testerOf(CLAIMS);
  const plan = await tester.explain(origin);
  let ran = 0;
  const verdicts = await tester.testAll({ onProgress: () => ran++ });
  tester.dispose();
  expect(ran).toBeGreaterThan(0);
  expect(plan.claims.map(({ forwardPasses }) => forwardPasses)).toEqual(
    verdicts.map(({ forwardPasses }) => forwardPasses),
  );
  expect(plan.examples).toBe(40);
  // The second and the third claim are about the same swaps, drawn anew: what is alike is counted once.
  const alone = plan.claims.reduce((sum, { forwardPasses }) => sum + forwardPasses, 0);
  expect(plan.forwardPasses).toBeLessThan(alone);
});

test("a plan says which donors there are and what their swaps write", async () => {
  const tester = testerOf(CLAIMS);
  const { claims } = await tester.explain(origin);
  tester.dispose();
  const [copies, carries, , embed, necessary] = claims as [ClaimPlan, ClaimPlan, ClaimPlan, ClaimPlan, ClaimPlan];
  const path = ruleOf(copies, "v NE(quote type)");
  expect(path.writes).toEqual([{ site: "1.attn.v", channels: [4, 4], tokens: [1, 1], receiver: "1.attn.y" }]);
  const any = ruleOf(carries, "ANY");
  expect(any.swaps).toBe(any.references * 3);
  expect(any.donorsEach).toEqual([3, 3]);
  expect(any.identical + any.different).toBeLessThanOrEqual(any.swaps);
  expect(any.fresh).toBeLessThanOrEqual(any.different);
  expect(any.writes).toEqual([{ site: "1.attn.v", channels: "all", tokens: [1, 1] }]);
  // Donors of the same type begin with the same token: nothing of them needs to be run.
  const equal = ruleOf(embed, "EQ(quote type)");
  expect(equal).toMatchObject({ identical: equal.swaps, different: 0, fresh: 0 });
  expect(necessary.furtherPasses).toBeGreaterThan(99);
});

test("what is settled without a run says so", async () => {
  // Of four examples nobody can say whether the model does the task.
  const tester = testerOf("examples 4\nembed at opener carries quote type");
  const { claims } = await tester.explain(origin);
  tester.dispose();
  expect(claims[0]!.settled).toMatch(/^untestable: .*accuracy/);
  expect(claims[0]).toMatchObject({ rules: [], forwardPasses: 0 });
});

test("a claim that is searched for a counterexample may take more passes than a plan can know", async () => {
  const tester = testerOf("donors 3\nexamples 40\n{ attn L1 + mlp L0 } is complete");
  const [plan] = (await tester.explain(origin)).claims;
  const [verdict] = await tester.testAll();
  tester.dispose();
  expect(plan!.searches).toBe(true);
  expect(verdict!.forwardPasses).toBeGreaterThan(plan!.forwardPasses);
});
