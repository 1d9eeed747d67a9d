import { choosePlugin, findPlugin, listPlugins, type PluginKind } from "@filigree/core";
import { acdc } from "../built-in/acdc.ts";
import { attribution } from "../built-in/attribution.ts";
import { eapIg } from "../built-in/eap-ig.ts";
import { eap } from "../built-in/eap.ts";
import { greedy } from "../built-in/greedy.ts";
import { hardConcrete } from "../built-in/hard-concrete.ts";
import { random } from "../built-in/random.ts";
import { learnedMask } from "../learned-mask/learned-mask.ts";
import { PrunerError } from "../run/pruner-error.ts";
import { checkPruner } from "./define-pruner.ts";
import type { Pruner } from "./pruner.ts";

/** Pruners as a kind of plugin. */
export const PRUNERS: PluginKind<Pruner> = {
  word: "pruner",
  builtIn: [learnedMask, attribution, eap, eapIg, acdc, hardConcrete, greedy, random],
  check: checkPruner,
  fault: (plugin, what, cause) => new PrunerError(plugin, what, cause),
};

/**
 * The built-in pruners and those given, by name.
 *
 * @throws InputError where two have one name
 */
export function listPruners(more: readonly Pruner[] = []): Pruner[] {
  return listPlugins(PRUNERS, more);
}

/** The pruner of that name. @throws InputError where there is none, with the nearest */
export function findPruner(name: string, more: readonly Pruner[] = []): Pruner {
  return findPlugin(PRUNERS, name, more);
}

/**
 * The pruner that a person names: a built-in one, one of those given, or that of a package called `filigree-pruner-*`
 * or `@scope/filigree-pruner-*`.
 *
 * @param baseDirectory where packages are looked for
 * @throws InputError for an unknown name, and for a package that is not there, is damaged or holds no pruner
 * @throws PrunerError for a package that throws
 */
export function choosePruner(name: string, baseDirectory: string, given: readonly Pruner[] = []): Promise<Pruner> {
  return choosePlugin(PRUNERS, name, baseDirectory, given);
}
