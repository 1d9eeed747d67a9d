import { didYouMean, InputError } from "@filigree/core";
import { learnedMask } from "../learned-mask/learned-mask.ts";
import type { Pruner } from "./pruner.ts";

const BUILT_IN: readonly Pruner[] = [learnedMask];

/**
 * The built-in pruners and those given, by name.
 *
 * @throws InputError where two have one name.
 */
export function listPruners(more: readonly Pruner[] = []): Pruner[] {
  const byName = new Map<string, Pruner>();
  for (const pruner of [...BUILT_IN, ...more]) {
    if (byName.has(pruner.name)) {
      throw new InputError({ what: `two pruners are called "${pruner.name}"`, hint: "name only one of them" });
    }
    byName.set(pruner.name, pruner);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The pruner of that name. @throws InputError where there is none. */
export function findPruner(name: string, more: readonly Pruner[] = []): Pruner {
  const all = listPruners(more);
  const found = all.find((pruner) => pruner.name === name);
  if (found) return found;
  const names = all.map((pruner) => pruner.name);
  throw new InputError({
    what: `there is no pruner "${name}"`,
    expected: names.join(", "),
    hint: didYouMean(name, names),
  });
}
