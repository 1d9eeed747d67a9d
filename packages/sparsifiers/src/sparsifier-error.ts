import { PluginError } from "@filigree/core";

/** A sparsifier broke the contract or threw: the fault of its author, not of the input. `cause` has the stack. */
export class SparsifierError extends PluginError {
  override readonly name = "SparsifierError";

  constructor(sparsifier: string, what: string, cause?: unknown) {
    super("sparsifier", sparsifier, what, cause);
  }
}
