/** What the process tells its caller. */
export const EXIT = {
  /** All is as expected. */
  ok: 0,
  /** Some claim is not as expected; `prune`: the target is missed; `fmt --check`: some file would change. */
  unexpected: 1,
  /** The input is at fault: files, arguments. */
  input: 2,
  /** A fault of ours. */
  internal: 70,
  /** Interrupted by the user; what can be saved is saved. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
