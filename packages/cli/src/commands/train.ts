import { dirname, join } from "node:path";
import type { Command } from "commander";
import { InputError } from "@filigree/sites";
import { commandLine } from "../command-line.ts";
import { readText } from "../files.ts";
import { Interrupted, interruptible } from "../interrupted.ts";
import { renderTraining, trainingProgress } from "../render/training.ts";
import type { Session } from "../session.ts";
import { version } from "../version.ts";

const HELP = `
The folder receives metrics.jsonl and training-state.safetensors as the run goes on, and the checkpoint (config.json,
model.safetensors, tokenizer.json, model-card.json) at its end. Ctrl-C stores the state and stops.

Examples:
  $ filigree train python.json --data /usr/lib/python3.11 --out models/python
  $ filigree train python.json --data /usr/lib/python3.11 --out models/python --resume`;

interface TrainOptions {
  data?: string;
  out?: string;
  resume?: true;
}

export function addTrain(program: Command, session: Session): void {
  program
    .command("train")
    .description("train a weight-sparse model on a folder of source files")
    .argument("<config>", "a training configuration: JSON, format filigree.training/1")
    .option("--data <dir>", "folder of source files, in the place of the configuration's")
    .option("--out <dir>", "folder to write; by default named after the configuration's name")
    .option("--resume", "go on from the state that the folder holds")
    .addHelpText("after", HELP)
    .action((config: string, options: TrainOptions) => trainModel(config, options, session));
}

async function trainModel(path: string, { data, out, resume }: TrainOptions, session: Session): Promise<void> {
  const { parseTrainingConfig, train } = await import("@filigree/training");
  const config = parseTrainingConfig(await readText(path, "a training configuration"), path);
  const folder = out ?? defaultFolder(config.name);
  const words = [
    "train",
    path,
    ...(data === undefined ? [] : ["--data", data]),
    ...(out === undefined ? [] : ["--out", out]),
  ];
  const describe = trainingProgress();
  const outcome = await session.withProgress((progress) =>
    interruptible((signal) =>
      train(config, {
        out: folder,
        baseDirectory: dirname(path),
        data,
        resume,
        // Without --resume: a run that was interrupted and resumed leaves the same bytes as one that was not.
        command: commandLine(words),
        codeVersion: version(),
        signal,
        onProgress: (report) => progress.update(describe(report)),
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
