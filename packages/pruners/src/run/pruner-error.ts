import { PluginError } from "@filigree/core";

/** A pruner broke the contract or threw: the fault of its author, not of the input. `cause` has the original stack. */
export class PrunerError extends PluginError {
  override readonly name: string = "PrunerError";

  constructor(pruner: string, what: string, cause?: unknown) {
    super("pruner", pruner, what, cause);
  }
}

/** The budget was over before the pruner was. Any pruner takes some work: too small a budget is the input's fault. */
export class BudgetError extends PrunerError {
  override readonly name = "BudgetError";

  constructor(pruner: string, budget: number) {
    super(pruner, `asked for more work than its budget of ${budget} sequences allows.`);
  }
}
