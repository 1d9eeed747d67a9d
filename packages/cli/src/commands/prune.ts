import { rm } from "node:fs/promises";
import type { Command } from "commander";
import { InputError, formatNodeFile } from "@filigree/sites";
import { jsonOption, positiveNumber, seedOption, settings } from "../arguments.ts";
import { interruptible } from "../interrupted.ts";
import { pruneResumably, stateFile } from "../model/prune-resumably.ts";
import { taskOf } from "../model/task-of.ts";
import { withModel } from "../model/with-model.ts";
import { pruningProgress, renderCircuit, renderPruners } from "../render/pruning.ts";
import type { Session } from "../session.ts";

const HELP = `
Nodes outside the circuit are set to their means over the training corpus. The circuit is chosen on the task's dev
split; its figures on the test split are only measured.

Examples:
  $ filigree prune examples/models/python single_double_quote --out quotes.nodes.json
  $ filigree prune --list`;

interface PruneOptions {
  out?: string;
  target: number;
  pruner: string;
  set: Readonly<Record<string, number>>;
  seed: number;
  resume?: true;
  list?: true;
  json?: true;
}

export function addPrune(program: Command, session: Session): void {
  program
    .command("prune")
    .description("find the nodes of a model that a task needs")
    .argument("[model]", "a checkpoint directory")
    .argument("[task]", "a built-in task, or a JSON Lines file such as ./data.jsonl")
    .option("--out <file>", "the node file to write; standard output, where left out")
    .option("--target <loss>", "the loss, in nats, that the circuit may have", positiveNumber, 0.15)
    .option("--pruner <name>", "the method", "learned-mask")
    .option("--set <name=value>", "an option of the method, such as nodeCost=0.003; may be repeated", settings, {})
    .addOption(seedOption("decides every random choice").default(0))
    .option("--resume", "go on with an interrupted run; its state lies beside the --out file")
    .option("--list", "list the methods")
    .addOption(jsonOption("the list of --list"))
    .addHelpText("after", HELP)
    .action(async (directory: string | undefined, task: string | undefined, options: PruneOptions) => {
      if (options.list) await listMethods(options, session);
      else if (directory === undefined || task === undefined) {
        throw new InputError({ what: "a model and a task are needed", hint: "filigree prune MODEL TASK" });
      } else await prune(directory, task, options, session);
    });
}

async function listMethods({ json }: PruneOptions, session: Session): Promise<void> {
  const { listPruners } = await import("@filigree/pruners");
  const pruners = listPruners().map(({ name, version }) => ({ name, version }));
  if (json) session.printJson({ pruners });
  else session.print(renderPruners(pruners, session.paint));
}

async function prune(directory: string, reference: string, options: PruneOptions, session: Session): Promise<void> {
  const { writeFileAtomically } = await import("@filigree/core");
  const { out } = options;
  if (options.resume && out === undefined) {
    throw new InputError({ what: "--resume without --out", hint: "give the --out of the run to go on with" });
  }
  await withModel(directory, "wasm", async (model) => {
    const task = await taskOf(model, reference);
    const { nodeFile, evaluation, reached } = await session.withProgress((progress) =>
      interruptible((signal) =>
        pruneResumably(model, task, {
          ...options,
          signal,
          onProgress: (report) => progress.update(pruningProgress(report)),
        }),
      ),
    );
    if (out === undefined) session.streams.stdout.write(formatNodeFile(nodeFile));
    else {
      await writeFileAtomically(out, formatNodeFile(nodeFile));
      await rm(stateFile(out), { force: true });
      session.print(renderCircuit(out, evaluation, session.paint));
    }
    if (!reached) session.note(`the circuit misses the target of ${options.target} nats on the dev split`);
  });
}
