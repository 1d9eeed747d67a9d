import { findPlugin, listPlugins, type PluginKind } from "@filigree/core";
import { checkSparsifier } from "./define-sparsifier.ts";
import { dense } from "./dense.ts";
import { hardConcrete } from "./hard-concrete.ts";
import { magnitude } from "./magnitude.ts";
import { rigl } from "./rigl.ts";
import { set } from "./set.ts";
import { SparsifierError } from "./sparsifier-error.ts";
import type { Sparsifier } from "./sparsifier.ts";
import { topK } from "./top-k.ts";

/** Sparsifiers as a kind of plugin. */
export const SPARSIFIERS: PluginKind<Sparsifier> = {
  word: "sparsifier",
  builtIn: [topK, rigl, set, magnitude, hardConcrete, dense],
  check: checkSparsifier,
  fault: (plugin, what, cause) => new SparsifierError(plugin, what, cause),
};

/**
 * The built-in sparsifiers and those given, by name.
 *
 * @throws InputError where two have one name
 */
export function listSparsifiers(more: readonly Sparsifier[] = []): Sparsifier[] {
  return listPlugins(SPARSIFIERS, more);
}

/** The sparsifier of that name. @throws InputError where there is none, with the nearest. */
export function findSparsifier(name: string, more: readonly Sparsifier[] = []): Sparsifier {
  return findPlugin(SPARSIFIERS, name, more);
}
