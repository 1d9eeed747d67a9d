import { didYouMean, InputError } from "@filigree/core";
import { dense } from "./dense.ts";
import type { Sparsifier } from "./sparsifier.ts";
import { topK } from "./top-k.ts";

const BUILT_IN: readonly Sparsifier[] = [topK as Sparsifier, dense as Sparsifier];

/** The sparsifiers that come with Filigree. */
export function listSparsifiers(): readonly Sparsifier[] {
  return BUILT_IN;
}

/** @throws InputError for an unknown name, with the nearest. */
export function findSparsifier(name: string): Sparsifier {
  const found = BUILT_IN.find((sparsifier) => sparsifier.name === name);
  if (found) return found;
  const names = BUILT_IN.map((sparsifier) => sparsifier.name);
  throw new InputError({
    what: `there is no sparsifier "${name}"`,
    expected: names.join(", "),
    hint: didYouMean(name, names),
  });
}
