import { defineOptions } from "@filigree/core";
import { defineSparsifier } from "./define-sparsifier.ts";

/** Zeroes nothing: the baseline. */
export const dense = defineSparsifier({
  name: "dense",
  version: "0.1.0",
  about: "keeps every weight: the baseline",
  apiVersion: 1,
  storage: "dense",
  options: defineOptions({}),
  init: () => ({}),
  step() {},
  density: () => 1,
});
