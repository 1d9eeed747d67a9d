import { checkPluginOptions, choosePlugin } from "@filigree/core";
import { SPARSIFIERS, type Sparsifier } from "@filigree/sparsifiers";

/** A sparsifier with its options checked and filled in. */
export interface ChosenSparsifier {
  readonly plugin: Sparsifier;
  readonly options: unknown;
}

/**
 * The sparsifier that a configuration names: a built-in one, one of those given, or that of a package.
 *
 * @param baseDirectory where packages are looked for: the configuration's folder
 * @throws InputError for an unknown name, a package that is not there or holds none, and wrong options
 * @throws SparsifierError for a package that throws
 */
export async function chooseSparsifier(
  { name, options }: { readonly name: string; readonly options: unknown },
  baseDirectory: string,
  given: readonly Sparsifier[] = [],
): Promise<ChosenSparsifier> {
  const plugin = await choosePlugin(SPARSIFIERS, name, baseDirectory, given);
  return { plugin, options: await checkPluginOptions(SPARSIFIERS, plugin, options) };
}
