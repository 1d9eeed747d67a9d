import { rm } from "node:fs/promises";
import { Option, type Command } from "commander";
import type { AblationKind, PruneProgress, SearchResult } from "@filigree/pruners";
import { InputError, formatNodeFile } from "@filigree/sites";
import {
  jsonOption,
  positiveNumber,
  seedOption,
  settings,
  wholeNumber,
  workersOption,
  type Settings,
} from "../arguments.ts";
import { EXIT } from "../exit-codes.ts";
import { interruptible } from "../interrupted.ts";
import { pluginSummaries } from "../model/plugin-summaries.ts";
import { pruneResumably } from "../model/prune-resumably.ts";
import { searchResumably } from "../model/prune-search.ts";
import { stateFile } from "../model/state-file.ts";
import { taskOf } from "../model/task-of.ts";
import { withModel } from "../model/with-model.ts";
import { renderPlugins } from "../render/plugins.ts";
import { pruningProgress, renderCircuit } from "../render/pruning.ts";
import { failureNote, renderTrials, searchProgress } from "../render/search.ts";
import { timeLeft } from "../render/time-left.ts";
import type { Session } from "../session.ts";

const HELP = `
What is outside the circuit shows its mean over the training corpus, 0, or what another example shows there
(--ablation). The circuit is chosen on the task's dev split; its figures on the test split are only measured.

--search N tries the options as given and N - 1 others, drawn from ranges that the method names; what --set gives stays.
Most are tried with a ninth of the work, the best third go on. --budget is that of the last rung.

Exit codes: 0 the circuit reaches the target, 1 it is the best that was found and misses it, 2 the input is at fault.

Examples:
  $ filigree prune examples/models/python-small single_double_quote --out quotes.nodes.json
  $ filigree prune examples/models/python-small var_if --pruner eap-ig --set steps=10 --out var-if.nodes.json
  $ filigree prune MODEL TASK --search 28 --out quotes.nodes.json --trials trials.jsonl
  $ filigree prune MODEL TASK --pruner filigree-pruner-mine     an installed package
  $ filigree prune --list`;

interface PruneOptions {
  out?: string;
  target: number;
  pruner: string;
  ablation: AblationKind;
  budget?: number;
  set: Settings;
  seed: number;
  search?: number;
  trials?: string;
  workers: number;
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
    .option("--pruner <name>", "the method: one of --list, or a package filigree-pruner-*", "learned-mask")
    .option("--set <name=value>", "an option of the method, such as nodeCost=0.003; may be repeated", settings, {})
    .addOption(
      new Option("--ablation <kind>", "what is shown outside the circuit")
        .choices(["mean", "zero", "resample"])
        .default("mean"),
    )
    .option("--budget <n>", "the most work, in sequences run forward; a gradient counts three times", wholeNumber(1))
    .addOption(seedOption("decides every random choice").default(0))
    .option("--search <n>", "try so many sets of options, and keep the smallest circuit", wholeNumber(1))
    .option("--trials <file>", "a JSON Lines file to write: every run of --search")
    .addOption(workersOption("the trials of --search"))
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
  const pruners = await pluginSummaries(listPruners());
  if (json) session.printJson({ pruners });
  else session.print(renderPlugins(pruners, session.paint));
}

async function prune(directory: string, reference: string, options: PruneOptions, session: Session): Promise<void> {
  const { writeFileAtomically } = await import("@filigree/core");
  const { out, search, trials } = options;
  if (options.resume && out === undefined) {
    throw new InputError({ what: "--resume without --out", hint: "give the --out of the run to go on with" });
  }
  if (trials !== undefined && search === undefined) {
    throw new InputError({ what: "--trials without --search", hint: "say how many: --search 28" });
  }
  await withModel(directory, "wasm", async (model) => {
    const task = await taskOf(model, reference);
    const found = await session.withProgress((progress) =>
      interruptible((signal): Promise<Found> => {
        if (search === undefined) {
          const onProgress = (report: PruneProgress) => progress.update(pruningProgress(report));
          return pruneResumably(model, task, { ...options, signal, onProgress }).then((result) => ({ result }));
        }
        const secondsLeft = timeLeft();
        return searchResumably(model, task, {
          ...options,
          search,
          directory,
          reference,
          signal,
          onProgress: (report) => progress.update(searchProgress(report, secondsLeft(report.share))),
        });
      }),
    );
    const { nodeFile, evaluation, reached } = found.result;
    if (trials !== undefined && found.runs) await writeFileAtomically(trials, jsonLines(found.runs));
    if (out === undefined) session.streams.stdout.write(formatNodeFile(nodeFile));
    else {
      await writeFileAtomically(out, formatNodeFile(nodeFile));
      await rm(stateFile(out), { force: true });
      session.print(renderCircuit(out, evaluation, session.paint));
      if (found.trials) session.print(`\n${renderTrials(found.trials, session.paint)}`);
    }
    const failures = failureNote(found.trials ?? []);
    if (failures !== undefined) session.note(failures);
    if (!reached) {
      session.note(`the circuit misses the target of ${options.target} nats on the dev split: it is the best found`);
      session.exitCode = EXIT.unexpected;
    }
  });
}

/** What was found, and the trials that it took. */
type Found = Pick<SearchResult, "result"> & Partial<SearchResult>;

function jsonLines(values: readonly object[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join("");
}
