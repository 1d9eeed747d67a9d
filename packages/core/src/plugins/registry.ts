import { didYouMean, InputError } from "@filigree/sites";
import type { Plugin, PluginKind } from "./plugin.ts";

/**
 * The built-in plugins of a kind and those given, by name.
 *
 * @throws InputError where two have one name
 */
export function listPlugins<P extends Plugin>({ word, builtIn }: PluginKind<P>, more: readonly P[]): P[] {
  const byName = new Map<string, P>();
  for (const plugin of [...builtIn, ...more]) {
    if (byName.has(plugin.name)) {
      throw new InputError({ what: `two ${word}s are called "${plugin.name}"`, hint: "name only one of them" });
    }
    byName.set(plugin.name, plugin);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The plugin of that name. @throws InputError where there is none, with the nearest */
export function findPlugin<P extends Plugin>(kind: PluginKind<P>, name: string, more: readonly P[]): P {
  const all = listPlugins(kind, more);
  const found = all.find((plugin) => plugin.name === name);
  if (found) return found;
  const names = all.map((plugin) => plugin.name);
  throw new InputError({
    what: `there is no ${kind.word} "${name}"`,
    expected: names.join(", "),
    hint: didYouMean(name, names),
  });
}
