/** What was wrong with something that a person gave us, and what they can do about it. */
export interface InputProblem {
  /** What was wrong, e.g. `unknown site "0.atn.q"`. */
  readonly what: string;
  /** The place: a file, a file with a line, a key path. */
  readonly where?: string | undefined;
  /** What would have been right. */
  readonly expected?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** The input is at fault, not the program. The command line turns it into exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
  readonly what: string;
  readonly where: string | undefined;
  readonly expected: string | undefined;
  readonly hint: string | undefined;

  constructor(problem: InputProblem) {
    super(readable(problem), problem.cause === undefined ? undefined : { cause: problem.cause });
    this.what = problem.what;
    this.where = problem.where;
    this.expected = problem.expected;
    this.hint = problem.hint;
  }

  /** The same problem, in a place around it: the file of an option, say. */
  within(place: string): InputError {
    const { what, where, expected, hint, cause } = this;
    return new InputError({ what, where: where === undefined ? place : `${place}: ${where}`, expected, hint, cause });
  }
}

function readable({ what, where, expected, hint }: InputProblem): string {
  const lines = [where === undefined ? what : `${where}: ${what}`];
  if (expected !== undefined) lines.push(`  expected: ${expected}`);
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  return lines.join("\n");
}
