import { didYouMean, InputError } from "@filigree/core";
import { dense } from "./dense.ts";
import { hardConcrete } from "./hard-concrete.ts";
import { magnitude } from "./magnitude.ts";
import { rigl } from "./rigl.ts";
import { set } from "./set.ts";
import type { Sparsifier } from "./sparsifier.ts";
import { topK } from "./top-k.ts";

const BUILT_IN: readonly Sparsifier[] = [topK, rigl, set, magnitude, hardConcrete, dense];

/**
 * The built-in sparsifiers and those given, by name.
 *
 * @throws InputError where two have one name
 */
export function listSparsifiers(more: readonly Sparsifier[] = []): Sparsifier[] {
  const byName = new Map<string, Sparsifier>();
  for (const sparsifier of [...BUILT_IN, ...more]) {
    if (byName.has(sparsifier.name)) {
      throw new InputError({ what: `two sparsifiers are called "${sparsifier.name}"`, hint: "name only one of them" });
    }
    byName.set(sparsifier.name, sparsifier);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The sparsifier of that name. @throws InputError where there is none, with the nearest. */
export function findSparsifier(name: string, more: readonly Sparsifier[] = []): Sparsifier {
  const all = listSparsifiers(more);
  const found = all.find((sparsifier) => sparsifier.name === name);
  if (found) return found;
  const names = all.map((sparsifier) => sparsifier.name);
  throw new InputError({
    what: `there is no sparsifier "${name}"`,
    expected: names.join(", "),
    hint: didYouMean(name, names),
  });
}
