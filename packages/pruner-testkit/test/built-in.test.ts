import { listPruners } from "@filigree/pruners";
import { expect, test } from "vitest";
import { testPruner, type PrunerExpectations } from "../src/index.ts";

const EXPECTATIONS: Readonly<Record<string, PrunerExpectations>> = {
  // Where a neuron saturates, one gradient shows little: these keep nearly everything in one of three planted models.
  attribution: { auc: 0.75, excess: 8 },
  eap: { auc: 0.75, excess: 8 },
  "eap-ig": { excess: 8, budget: 550 },
  "learned-mask": { options: { steps: 30, batchPairs: 8 }, refuses: [{ steps: 0 }] },
  "hard-concrete": { options: { steps: 60 }, excess: 6 },
  acdc: {},
  greedy: {},
  random: { control: true },
};

test("every built-in pruner is tested", () => {
  expect(Object.keys(EXPECTATIONS).toSorted()).toEqual(listPruners().map(({ name }) => name));
});

for (const pruner of listPruners()) testPruner(pruner, EXPECTATIONS[pruner.name]);
