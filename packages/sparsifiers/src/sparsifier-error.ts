/** A sparsifier broke the contract or threw: the fault of its author, not of the input. `cause` has the stack. */
export class SparsifierError extends Error {
  override readonly name = "SparsifierError";
  readonly sparsifier: string;

  constructor(sparsifier: string, what: string, cause?: unknown) {
    super(`The sparsifier ${sparsifier} ${what}`, { cause });
    this.sparsifier = sparsifier;
  }
}
