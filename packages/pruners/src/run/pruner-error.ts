/** A pruner broke the contract or threw: the fault of its author, not of the input. `cause` has the original stack. */
export class PrunerError extends Error {
  override readonly name = "PrunerError";
  readonly pruner: string;

  constructor(pruner: string, what: string, cause?: unknown) {
    super(`The pruner ${pruner} ${what}`, { cause });
    this.pruner = pruner;
  }
}
