import type { Command } from "commander";
import type { BackendName } from "@filigree/core";
import type { CheckedText, PlanDocument } from "@filigree/scrubbing";
import { InputError } from "@filigree/sites";
import { backendOption, jsonOption, seedOption, wholeNumber, workersOption } from "../arguments.ts";
import { EXIT } from "../exit-codes.ts";
import { FileWatch } from "../file-watch.ts";
import { interruptible } from "../interrupted.ts";
import { checkFiles } from "../model/check-files.ts";
import { explainFile } from "../model/explain-files.ts";
import { requireOutputs } from "../outputs.ts";
import { checkProgress } from "../render/check-progress.ts";
import { counted } from "../render/numbers.ts";
import { renderVerdict } from "../render/verdict.ts";
import type { Session } from "../session.ts";

const HELP = `
A verdict on each claim: supported, refuted, inconclusive, untestable or vacuous, with its figures and their intervals.
The exit code is 1 when some verdict is not the one that the file expects. With --json: the document of one file
(filigree.verdict/1), or an array of them for several. With --watch, Ctrl-C ends the command between two runs.

Examples:
  $ filigree check examples/quotes/close-quote.circuit
  $ filigree check my.circuit --html report.html --junit report.xml
  $ filigree check my.circuit --model models/python --seed 7 --json`;

interface CheckOptions {
  json?: true;
  html?: string;
  junit?: string;
  trace?: string;
  seed?: number;
  examples?: number;
  model?: string;
  backend: BackendName;
  workers: number;
  watch?: true;
  explain?: true;
}

export function addCheck(program: Command, session: Session): void {
  program
    .command("check")
    .description("test the claims of .circuit files on the model that they speak of")
    .argument("<files...>", ".circuit files")
    .addOption(jsonOption("the verdicts"))
    .option("--html <file>", "a page to write: the text with its verdicts, figures, examples and histograms")
    .option("--junit <file>", "a JUnit XML file to write, for CI systems")
    .option("--trace <file>", "a JSON Lines file to write: every swap that was run")
    .addOption(seedOption("decides every random choice, in the place of the file's seed"))
    .option("--examples <n>", "how many examples to draw, in the place of the file's number", wholeNumber(1))
    .option("--model <dir>", "a checkpoint directory, in the place of the file's model")
    .addOption(backendOption())
    .addOption(workersOption("claims"))
    .option("--explain", "print what each claim compiles to, donors, swaps and forward passes, and run none of it")
    .option("--watch", "check again whenever one of the files changes")
    .addHelpText("after", HELP)
    .action((files: string[], options: CheckOptions) => check(files, options, session));
}

async function check(files: readonly string[], options: CheckOptions, session: Session): Promise<void> {
  if (options.trace !== undefined && files.length > 1) {
    throw new InputError({ what: "--trace with several files", hint: "trace one file at a time" });
  }
  if (options.explain) return explain(files, options, session);
  if (options.watch && options.json) {
    throw new InputError({ what: "--json with --watch", hint: "a program reads one document: leave one of them out" });
  }
  await requireOutputs({ html: options.html, junit: options.junit, trace: options.trace }, files);
  await interruptible(async (signal) => {
    if (!options.watch) return checkOnce(files, options, session, signal);
    const watch = new FileWatch(files, signal);
    do {
      session.exitCode = EXIT.ok;
      await checkOnce(files, options, session, signal);
      session.note(`\nwaiting for a change of ${files.length === 1 ? files[0]! : counted(files.length, "file")} …`);
    } while (await watch.changed());
  });
}

async function explain(files: readonly string[], options: CheckOptions, session: Session): Promise<void> {
  const written = (["html", "junit", "trace", "watch"] as const).find((name) => options[name] !== undefined);
  if (written) throw new InputError({ what: `--${written} with --explain`, hint: "nothing is run: leave it out" });
  const { renderPlan } = await import("../render/plan.ts");
  const plans: PlanDocument[] = [];
  let faulty = 0;
  for (const file of files) {
    const explained = await explainFile(file, options);
    if ("faults" in explained) {
      for (const fault of explained.faults) session.note(fault);
      faulty++;
    } else {
      if (!options.json) session.print((plans.length === 0 ? "" : "\n\n") + renderPlan(explained, session));
      plans.push(explained);
    }
  }
  if (faulty > 0) session.exitCode = EXIT.input;
  else if (options.json) session.printJson(plans.length === 1 ? plans[0] : plans);
}

async function checkOnce(
  files: readonly string[],
  options: CheckOptions,
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  const { json, html, junit, watch: _, ...settings } = options;
  const texts: CheckedText[] = [];
  let faulty = 0;
  await session.withProgress((progress) =>
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
        if (!json)
          session.print((texts.length === 0 ? "" : "\n\n") + renderVerdict(checked, checked.modelName, session));
        texts.push(checked);
      },
    }),
  );
  if (faulty > 0) {
    if (files.length > 1) session.note(`${counted(faulty, "file")} of ${files.length} could not be checked`);
    session.exitCode = EXIT.input;
    return;
  }
  await writeReports(texts, { html, junit });
  const documents = texts.map(({ verdict }) => verdict);
  if (json) session.printJson(documents.length === 1 ? documents[0] : documents);
  if (documents.some(({ met }) => !met)) session.exitCode = EXIT.unexpected;
}

async function writeReports(
  texts: readonly CheckedText[],
  { html, junit }: { html: string | undefined; junit: string | undefined },
): Promise<void> {
  if (html === undefined && junit === undefined) return;
  const { writeFileAtomically } = await import("@filigree/core");
  const { junitReport, verdictPage } = await import("@filigree/scrubbing");
  if (html !== undefined) await writeFileAtomically(html, verdictPage(texts));
  if (junit !== undefined) await writeFileAtomically(junit, junitReport(texts));
}
