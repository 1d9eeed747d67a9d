import { InputError } from "@filigree/core";
import { SPARSIFIER_API_VERSION, type DenseSparsifier, type NonzeroSparsifier, type Sparsifier } from "./sparsifier.ts";

/**
 * Checks a sparsifier and freezes it.
 *
 * @throws InputError for another version of the contract, or a part that is missing
 */
export function defineSparsifier<Options, State>(sparsifier: DenseSparsifier<Options, State>): DenseSparsifier;
export function defineSparsifier<Options, State>(sparsifier: NonzeroSparsifier<Options, State>): NonzeroSparsifier;
export function defineSparsifier<Options, State>(sparsifier: Sparsifier<Options, State>): Sparsifier {
  const checked = checkSparsifier(sparsifier, `sparsifier "${String(sparsifier.name)}"`);
  return Object.freeze({ ...checked });
}

/** A value from elsewhere, if it is a sparsifier. @param where for the message */
export function checkSparsifier(value: unknown, where: string): Sparsifier {
  const fail = (what: string, expected: string): never => {
    throw new InputError({ what, where, expected });
  };
  if (typeof value !== "object" || value === null) fail("it is no sparsifier", "an object made by defineSparsifier");
  const sparsifier = value as Sparsifier;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/u.test(String(sparsifier.name))) {
    fail("the name is not usable", "lower case words joined by hyphens");
  }
  if ((sparsifier.apiVersion as number) !== SPARSIFIER_API_VERSION) {
    fail(
      `it was written for version ${String(sparsifier.apiVersion)} of the contract`,
      `apiVersion: ${SPARSIFIER_API_VERSION}`,
    );
  }
  if (typeof sparsifier.version !== "string" || sparsifier.version === "") fail("it has no version", `such as "1.0.0"`);
  if (typeof sparsifier.about !== "string") fail("it does not say what it does", "about: a few words");
  if (typeof sparsifier.options?.["~standard"]?.validate !== "function") {
    fail("its options are no Standard Schema", `an object with "~standard"`);
  }
  if (!["dense", "nonzeros"].includes(sparsifier.storage)) {
    fail("it does not say how matrices are stored", `storage: "dense" or "nonzeros"`);
  }
  for (const hook of ["init", "step", "density"] as const) {
    if (typeof sparsifier[hook] !== "function") fail(`it has no ${hook}`, "init, step and density");
  }
  return sparsifier;
}
