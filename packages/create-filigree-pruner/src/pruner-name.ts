import { InputError } from "@filigree/sites";

const PREFIX = "filigree-pruner-";

/** What a new pruner and its package are called. */
export interface PrunerName {
  /** The pruner: lower case words joined by hyphens. */
  readonly pruner: string;
  /** `filigree-pruner-*`, or `@scope/filigree-pruner-*`: only such packages are loaded by name. */
  readonly package: string;
  /** The folder of the package. */
  readonly folder: string;
}

/**
 * The names of a new pruner.
 *
 * @param text its name, or that of its package, with a scope or without
 * @throws InputError where it cannot be a pruner's name
 */
export function prunerName(text: string): PrunerName {
  const [, scope = "", name] = /^(?:(@[a-z0-9][a-z0-9._-]*\/)(?=filigree-pruner-))?(?:filigree-pruner-)?(.*)$/su.exec(
    text,
  )!;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/u.test(name!) || name!.length > 100) {
    throw new InputError({
      what: `"${text}" cannot be the name of a pruner`,
      expected: "lower case words joined by hyphens, such as my-idea; or @scope/filigree-pruner-my-idea",
    });
  }
  return { pruner: name!, package: `${scope}${PREFIX}${name}`, folder: `${PREFIX}${name}` };
}
