import {
  dense,
  hardConcrete,
  listSparsifiers,
  magnitude,
  rigl,
  set,
  topK,
  type Sparsifier,
} from "@filigree/sparsifiers";
import { expect, test } from "vitest";
import { testSparsifier, type SparsifierExpectations } from "../src/index.ts";

const EXPECTATIONS = new Map<Sparsifier, SparsifierExpectations>([
  [dense, {}],
  [topK, { options: { block: 0.2, leastPerNeuron: 1 }, density: 0.2, refuses: [{}, { block: 2 }, { block: "0.2" }] }],
  [magnitude, { options: { block: 0.2 }, density: 0.2, refuses: [{}, { block: 0.2, pruneFrom: 0.8 }] }],
  [rigl, { options: { block: 0.2, every: 5 }, density: 0.2, refuses: [{}, { block: 0 }] }],
  [set, { options: { block: 0.2, every: 5 }, density: 0.2, refuses: [{}, { block: 0 }] }],
  [hardConcrete, { options: { block: 0.2 }, density: 0.2, tolerance: 0.15, refuses: [{}, { block: 0.2, stretch: 0 }] }],
]);

test("every built-in sparsifier is tested", () => {
  expect(new Set(EXPECTATIONS.keys())).toEqual(new Set(listSparsifiers()));
});

for (const [sparsifier, expectations] of EXPECTATIONS) testSparsifier(sparsifier, expectations);
