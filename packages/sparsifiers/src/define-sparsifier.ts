import { checkPlugin, InputError } from "@filigree/core";
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
  const shape = { word: "sparsifier", madeBy: "defineSparsifier", apiVersion: SPARSIFIER_API_VERSION };
  const sparsifier = checkPlugin(value, where, shape) as Sparsifier;
  const fail = (what: string, expected: string): never => {
    throw new InputError({ what, where, expected });
  };
  if (!["dense", "nonzeros"].includes(sparsifier.storage)) {
    fail("it does not say how matrices are stored", `storage: "dense" or "nonzeros"`);
  }
  for (const hook of ["init", "step", "density"] as const) {
    if (typeof sparsifier[hook] !== "function") fail(`it has no ${hook}`, "init, step and density");
  }
  return sparsifier;
}
