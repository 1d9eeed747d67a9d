import { JsonValue } from "@filigree/core";
import { defineSparsifier } from "./sparsifier.ts";

/** Zeroes nothing: the baseline. */
export const dense = defineSparsifier<Record<string, never>, Record<string, never>>({
  name: "dense",
  version: "0.1.0",
  apiVersion: 1,
  parseOptions(given, where) {
    new JsonValue(given ?? {}, where).object([]);
    return {};
  },
  init: () => ({}),
  step: (state) => state,
  rateFactor: () => 1,
  density: () => 1,
});
