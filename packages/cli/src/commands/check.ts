import type { Command } from "commander";
import type { BackendName } from "@filigree/core";
import type { VerdictDocument } from "@filigree/scrubbing";
import { InputError } from "@filigree/sites";
import { backendOption, jsonOption, seedOption, wholeNumber, workersOption } from "../arguments.ts";
import { EXIT } from "../exit-codes.ts";
import { interruptible } from "../interrupted.ts";
import { checkFiles } from "../model/check-files.ts";
import { checkProgress } from "../render/check-progress.ts";
import { counted } from "../render/numbers.ts";
import { renderVerdict } from "../render/verdict.ts";
import type { Session } from "../session.ts";

const HELP = `
A verdict on each claim: supported, refuted, inconclusive, untestable or vacuous, with its figures and their intervals.
The exit code is 1 when some verdict is not the one that the file expects. With --json: the document of one file
(filigree.verdict/1), or an array of them for several.

Examples:
  $ filigree check examples/quotes/close-quote.circuit
  $ filigree check my.circuit --model models/python --seed 7 --json`;

interface CheckOptions {
  json?: true;
  trace?: string;
  seed?: number;
  examples?: number;
  model?: string;
  backend: BackendName;
  workers: number;
}

export function addCheck(program: Command, session: Session): void {
  program
    .command("check")
    .description("test the claims of .circuit files on the model that they speak of")
    .argument("<files...>", ".circuit files")
    .addOption(jsonOption("the verdicts"))
    .option("--trace <file>", "a JSON Lines file to write: every swap that was run")
    .addOption(seedOption("decides every random choice, in the place of the file's seed"))
    .option("--examples <n>", "how many examples to draw, in the place of the file's number", wholeNumber(1))
    .option("--model <dir>", "a checkpoint directory, in the place of the file's model")
    .addOption(backendOption())
    .addOption(workersOption("claims"))
    .addHelpText("after", HELP)
    .action((files: string[], options: CheckOptions) => check(files, options, session));
}

async function check(files: readonly string[], options: CheckOptions, session: Session): Promise<void> {
  const { json, ...settings } = options;
  if (settings.trace !== undefined && files.length > 1) {
    throw new InputError({ what: "--trace with several files", hint: "trace one file at a time" });
  }
  const documents: VerdictDocument[] = [];
  let faulty = 0;
  await session.withProgress((progress) =>
    interruptible((signal) =>
      checkFiles(files, {
        ...settings,
        signal,
        onProgress: (where) => progress.update(checkProgress(where)),
        onFile(checked) {
          progress.end();
          if ("faults" in checked) {
            for (const fault of checked.faults) session.note(fault);
            faulty++;
            return;
          }
          if (!json) {
            const apart = documents.length === 0 ? "" : "\n\n";
            session.print(apart + renderVerdict(checked.document, checked.modelName, session));
          }
          documents.push(checked.document);
        },
      }),
    ),
  );
  if (faulty > 0) {
    if (files.length > 1) session.note(`${counted(faulty, "file")} of ${files.length} could not be checked`);
    session.exitCode = EXIT.input;
    return;
  }
  if (json) session.printJson(documents.length === 1 ? documents[0] : documents);
  if (documents.some(({ met }) => !met)) session.exitCode = EXIT.unexpected;
}
