import { program } from "./program.ts";
import { reportError } from "./report-error.ts";
import { Session } from "./session.ts";
import { processStreams, type Streams } from "./streams.ts";

/**
 * Runs one command, as the shell would: `run(["check", "close-quote.circuit"])`.
 *
 * @param argv the words after `filigree`
 * @param streams where results, notes and errors go; those of the process, where left out
 * @returns the exit code: 0 all as expected, 1 some claim is not, 2 the input is at fault, 130 interrupted, 70 our fault
 */
export async function run(argv: readonly string[], streams: Streams = processStreams()): Promise<number> {
  const session = new Session(streams);
  try {
    await program(session).parseAsync(argv, { from: "user" });
    return session.exitCode;
  } catch (error) {
    return reportError(error, argv, (text) => session.note(text));
  }
}
