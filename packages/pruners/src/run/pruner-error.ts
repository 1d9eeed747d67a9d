import { InputError, PluginError } from "@filigree/core";

/** A pruner broke the contract or threw: the fault of its author, not of the input. `cause` has the original stack. */
export class PrunerError extends PluginError {
  override readonly name = "PrunerError";

  constructor(pruner: string, what: string, cause?: unknown) {
    super("pruner", pruner, what, cause);
  }
}

/** The budget was over before the pruner was. Any pruner takes some work: too small a budget is the input's fault. */
export class BudgetError extends InputError {
  /** @param when where it was not a single run: "in every trial" */
  constructor(pruner: string, budget: number, when?: string) {
    const asked = ["asked for more work", ...(when === undefined ? [] : [when])].join(" ");
    super({
      what: `the pruner ${pruner} ${asked} than its budget of ${budget} sequences allows: give it a larger one`,
    });
  }
}
