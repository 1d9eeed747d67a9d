import { checkPluginOptions, choosePlugin, InputError } from "@filigree/core";
import { SPARSIFIERS, type Sparsifier } from "@filigree/sparsifiers";

/** A sparsifier with its options checked and filled in. */
export interface ChosenSparsifier {
  readonly plugin: Sparsifier;
  readonly options: unknown;
}

/**
 * The sparsifier that a configuration names: a built-in one, one of those given, or that of a package.
 *
 * @param configuration `where` it stands, for messages
 * @param baseDirectory where packages are looked for: the configuration's folder
 * @throws InputError for an unknown name, a package that is not there or holds none, and wrong options
 * @throws SparsifierError for a package that throws
 */
export async function chooseSparsifier(
  configuration: { readonly name: string; readonly options: unknown; readonly where?: string | undefined },
  baseDirectory: string,
  given: readonly Sparsifier[] = [],
): Promise<ChosenSparsifier> {
  const { name, options, where } = configuration;
  const plugin = await choosePlugin(SPARSIFIERS, name, baseDirectory, given).catch(throwFrom(where, "name"));
  const checked = checkPluginOptions(SPARSIFIERS, plugin, options);
  return { plugin, options: await checked.catch(throwFrom(where, "options")) };
}

/** Throws what it is given, and says in which file and under which key of `sparsifier` the fault is, if it is one of those. */
export function throwFrom(where: string | undefined, key: "name" | "options"): (error: unknown) => never {
  return (error) => {
    throw error instanceof InputError && where !== undefined ? error.within(`${where}: sparsifier.${key}`) : error;
  };
}
