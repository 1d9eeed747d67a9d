import { PluginError } from "@filigree/core";

/** A pruner broke the contract or threw: the fault of its author, not of the input. `cause` has the original stack. */
export class PrunerError extends PluginError {
  override readonly name = "PrunerError";

  constructor(pruner: string, what: string, cause?: unknown) {
    super("pruner", pruner, what, cause);
  }
}
