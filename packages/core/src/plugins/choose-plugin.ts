import { InputError } from "@filigree/sites";
import { findPackage } from "#platform/plugin-package";
import { checkOptions } from "../options-schema.ts";
import { pluginFault, pluginId, type Plugin, type PluginKind } from "./plugin.ts";
import { findPlugin } from "./registry.ts";

/**
 * The plugin that a person names: a built-in one, one of those given, or that of a package, which is its default
 * export. Packages are called `filigree-WORD-*` or `@scope/filigree-WORD-*`, and nothing else is loaded.
 *
 * @param baseDirectory where packages are looked for, as Node does for a file in that folder
 * @throws InputError for an unknown name, and for a package that is not there, is damaged or holds no such plugin
 * @throws PluginError for a package that throws
 */
export async function choosePlugin<P extends Plugin>(
  kind: PluginKind<P>,
  name: string,
  baseDirectory: string,
  given: readonly P[],
): Promise<P> {
  const isPackage = new RegExp(`^(@[a-z0-9][\\w.-]*/)?filigree-${kind.word}-[a-z0-9][\\w.-]*$`, "u").test(name);
  if (!isPackage) return findPlugin(kind, name, given);
  const load = await findPackage(name, baseDirectory);
  const module = await load().catch((error: unknown) => {
    throw refusal(name, error) ?? pluginFault(kind, name, "failed while it was loaded", error);
  });
  const loaded = kind.check(module.default, `the default export of ${name}`);
  return findPlugin(kind, loaded.name, [...given, loaded]);
}

/** A plugin refuses itself where it is defined, with the InputError of the release of Filigree that it has installed. */
function refusal(name: string, error: unknown): InputError | undefined {
  if (!(error instanceof Error) || error.name !== "InputError") return undefined;
  return new InputError({ what: error.message, where: `the package ${name}`, cause: error });
}

/**
 * The options that a person gave, checked by the plugin's schema.
 *
 * @throws InputError where they are wrong
 * @throws PluginError where the schema throws
 */
export async function checkPluginOptions<P extends Plugin>(
  kind: PluginKind<P>,
  plugin: P,
  options: unknown,
): Promise<unknown> {
  const id = pluginId(plugin);
  try {
    return await checkOptions(plugin.options, options, id);
  } catch (error) {
    throw pluginFault(kind, id, "failed while it checked its options", error);
  }
}
