import type { Command } from "commander";
import { InputError } from "@filigree/sites";
import { EXIT } from "../exit-codes.ts";
import { readText } from "../files.ts";
import { counted } from "../render/numbers.ts";
import type { Session } from "../session.ts";

const HELP = `
Comments are kept. A file with syntax errors is left as it is.

Example:
  $ filigree fmt examples/quotes/*.circuit`;

export function addFmt(program: Command, session: Session): void {
  program
    .command("fmt")
    .description("write .circuit files in the standard form")
    .argument("<files...>", ".circuit files")
    .option("--check", "change nothing; exit code 1 if some file would change")
    .addHelpText("after", HELP)
    .action((files: string[], options: { check?: true }) => formatFiles(files, options, session));
}

async function formatFiles(files: readonly string[], options: { check?: true }, session: Session): Promise<void> {
  const { formatCircuit, formatDiagnostic } = await import("@filigree/hypothesis");
  const changes: { path: string; formatted: string }[] = [];
  let faults = 0;
  for (const path of files) {
    const text = await readText(path, "a .circuit file");
    const { text: formatted, diagnostics } = formatCircuit(text, path);
    for (const diagnostic of diagnostics) session.note(formatDiagnostic(diagnostic, text));
    faults += diagnostics.length;
    if (formatted !== undefined && formatted !== text) changes.push({ path, formatted });
  }
  // Nothing is written where something is wrong.
  if (faults > 0) throw new InputError({ what: `${counted(faults, "syntax error")}; no file was changed` });
  if (changes.length === 0) return;
  if (options.check) {
    for (const { path } of changes) session.print(path);
    session.note(`${counted(changes.length, "file")} would change`);
    session.exitCode = EXIT.unexpected;
    return;
  }
  // The heavy part of core (tensors) is loaded only where something is to be written.
  const { writeFileAtomically } = await import("@filigree/core");
  for (const { path, formatted } of changes) {
    await writeFileAtomically(path, formatted);
    session.print(path);
  }
}
