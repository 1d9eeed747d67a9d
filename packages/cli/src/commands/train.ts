import { dirname, join } from "node:path";
import type { Command } from "commander";
import { InputError } from "@filigree/sites";
import { jsonOption, workersOption } from "../arguments.ts";
import { commandLine } from "../command-line.ts";
import { readText } from "../files.ts";
import { Interrupted, interruptible } from "../interrupted.ts";
import { pluginSummaries } from "../model/plugin-summaries.ts";
import { renderPlugins } from "../render/plugins.ts";
import { renderTraining, skippedFiles, trainingProgress } from "../render/training.ts";
import type { Session } from "../session.ts";
import { version } from "../version.ts";

const HELP = `
A configuration needs no more than a name and the files to train on, as globs below the data's folder. Files that end in
.jsonl give a text a line. Everything else has a default, which trains a small sparse model:

  { "format": "filigree.training/1", "name": "python", "data": { "files": ["**/*.py"] } }

The folder receives training.html (the curves), metrics.jsonl and training-state.safetensors as the run goes on, and the
checkpoint (config.json, model.safetensors, tokenizer.json, model-card.json) at its end. Ctrl-C stores the state and
stops. A run that was cut off in any way goes on with --resume, and ends in the same bytes.

Examples:
  $ filigree train --init > python.json
  $ filigree train --list
  $ filigree train python.json --data /usr/lib/python3.11 --out models/python
  $ filigree train python.json --data /usr/lib/python3.11 --out models/python --resume`;

interface TrainOptions {
  data?: readonly string[];
  out?: string;
  resume?: true;
  init?: true;
  list?: true;
  json?: true;
  workers: number;
}

export function addTrain(program: Command, session: Session): void {
  program
    .command("train")
    .description("train a weight-sparse model on text or source files")
    .argument("[config]", "a training configuration: JSON, format filigree.training/1")
    .option("--data <dir>", "folder of files, in the place of the configuration's; may be repeated", collect)
    .option("--out <dir>", "folder to write; by default named after the configuration's name")
    .option("--resume", "go on from the state that the folder holds")
    .addOption(workersOption("each batch"))
    .option("--init", "print a configuration to begin with, and do nothing else")
    .option("--list", "list the sparsifiers and their options, and do nothing else")
    .addOption(jsonOption("the list of --list"))
    .addHelpText("after", HELP)
    .action(async (config: string | undefined, options: TrainOptions) => {
      if (options.init) return printStarter(session);
      if (options.list) return printSparsifiers(options, session);
      if (config !== undefined) return trainModel(config, options, session);
      throw new InputError({ what: "no configuration is named", hint: "filigree train --init prints one" });
    });
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

async function printStarter(session: Session): Promise<void> {
  const { starterConfig } = await import("@filigree/training");
  session.print(starterConfig().trimEnd());
}

async function printSparsifiers({ json }: TrainOptions, session: Session): Promise<void> {
  const { listSparsifiers } = await import("@filigree/sparsifiers");
  const sparsifiers = await pluginSummaries(listSparsifiers());
  if (json) session.printJson({ sparsifiers });
  else session.print(renderPlugins(sparsifiers, session.paint));
}

async function trainModel(
  path: string,
  { data = [], out, resume, workers }: TrainOptions,
  session: Session,
): Promise<void> {
  const { parseTrainingConfig, train } = await import("@filigree/training");
  const config = parseTrainingConfig(await readText(path, "a training configuration"), path);
  const folder = out ?? defaultFolder(config.name);
  const words = [
    "train",
    path,
    ...data.flatMap((folder) => ["--data", folder]),
    ...(out === undefined ? [] : ["--out", out]),
  ];
  const describe = trainingProgress();
  const outcome = await session.withProgress((progress) =>
    interruptible((signal) =>
      train(config, {
        out: folder,
        baseDirectory: dirname(path),
        configFile: path,
        data,
        resume,
        workers,
        // Without --resume: a run that was interrupted and resumed leaves the same bytes as one that was not.
        command: commandLine(words),
        codeVersion: version(),
        signal,
        onProgress(report) {
          if (report.phase === "tokenizing" && report.notUtf8.length > 0) {
            progress.end();
            session.note(skippedFiles(report.notUtf8));
          }
          progress.update(describe(report));
        },
      }),
    ),
  );
  if (outcome.status === "interrupted") {
    const state = join(folder, "training-state.safetensors");
    const again = commandLine([...words, "--resume"]);
    throw new Interrupted(`the state after step ${outcome.step} is in ${state}\n  go on with: ${again}`);
  }
  session.print(renderTraining(folder, outcome.card, session.paint));
}

function defaultFolder(name: string): string {
  if (/^[\w-][\w.-]*$/u.test(name)) return name;
  throw new InputError({ what: `the name "${name}" is not one of a folder`, hint: "give --out FOLDER" });
}
