import { inspect } from "node:util";
import { CommanderError } from "commander";
import { InputError } from "@filigree/sites";
import { commandLine } from "./command-line.ts";
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { Interrupted } from "./interrupted.ts";
import { version } from "./version.ts";

/** What the system says about a path that the user chose: no permission, no space, not a folder. */
const SYSTEM_CODES = new Set(["EACCES", "EEXIST", "EISDIR", "ENOENT", "ENOSPC", "ENOTDIR", "EPERM", "EROFS"]);

/** Faults of a sparsifier or a pruner; by name, so that a command loads only the packages that it needs. */
const PLUGIN_ERRORS = new Set(["SparsifierError", "PrunerError"]);

/** Says on standard error why a command ended, and gives the exit code for it. */
export function reportError(error: unknown, argv: readonly string[], say: (text: string) => void): ExitCode {
  // commander has already said what is wrong with the arguments, or shown the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.input;
  if (error instanceof InputError) {
    say(`error: ${error.message}`);
    return EXIT.input;
  }
  if (error instanceof Interrupted) {
    say(`interrupted: ${error.message}`);
    return EXIT.interrupted;
  }
  if (error instanceof Error && PLUGIN_ERRORS.has(error.name)) {
    say(pluginFault(error));
    return EXIT.internal;
  }
  const { code, path, syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined && path !== undefined && SYSTEM_CODES.has(code)) {
    say(`error: ${path}: the system refuses to ${syscall ?? "use"} it (${code})`);
    return EXIT.input;
  }
  say(ownFault(error, argv));
  return EXIT.internal;
}

function pluginFault({ message, cause }: Error): string {
  const stack = cause === undefined ? [] : inspect(cause).split("\n");
  return [
    `error: ${message}`,
    "  This is a fault of that plugin, not of your input. Its authors need these lines:",
    ...stack.map((line) => `  ${line}`),
  ].join("\n");
}

function ownFault(error: unknown, argv: readonly string[]): string {
  return [
    "error: this is a fault of filigree, not of your input. Please report it with these lines:",
    `  version: filigree ${version()}, node ${process.versions.node}, ${process.platform} ${process.arch}`,
    `  command: ${commandLine(argv)}`,
    ...inspect(error)
      .split("\n")
      .map((line) => `  ${line}`),
  ].join("\n");
}
