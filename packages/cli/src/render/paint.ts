import type { Output } from "../streams.ts";

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

/** Marks text up for a terminal; leaves it as it is elsewhere. */
export type Paint = Readonly<Record<keyof typeof CODES, (text: string) => string>>;

/** Colours for a terminal, none for files and pipes, none where NO_COLOR asks for none (no-color.org). */
export function paintFor(output: Output, env: Readonly<Record<string, string | undefined>>): Paint {
  const coloured = output.isTerminal && !env["NO_COLOR"] && env["TERM"] !== "dumb";
  const styles = Object.entries(CODES).map(([name, [on, off]]) => [
    name,
    (text: string) => (coloured && text !== "" ? `\u001B[${on}m${text}\u001B[${off}m` : text),
  ]);
  return Object.fromEntries(styles) as Paint;
}
