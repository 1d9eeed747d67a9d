import { Option, type Command } from "commander";
import type { AblationKind } from "@filigree/pruners";
import type { Metric } from "@filigree/tasks";
import { jsonOption, positiveNumber, seedOption, wholeNumber, workersOption } from "../arguments.ts";
import { interruptible } from "../interrupted.ts";
import { evaluate } from "../model/evaluate.ts";
import { isScore, renderScores } from "../render/scores.ts";
import type { Session } from "../session.ts";

const HELP = `
Without TASKS, every built-in task. All figures are of the test split. A loss is the mean over examples of
-ln p(right answer); p is a softmax over the example's answers, or with --metric full-vocabulary over all tokens.
TASK:nonsense asks for answers that mean nothing, as a control.
With --circuits, each pruned circuit alone, everything else ablated, beside the whole model, and beside random
circuits of its size. A figure in [brackets] is its 95 % interval. docs/circuits.md says what each figure means.
--controls and --seeds run the circuit's pruner again, with the options in its file: that takes as long as pruning
each time. --budget bounds it; a control run that is not over by then says nothing, and is marked as not finished.

Examples:
  $ filigree eval examples/models/python-small
  $ filigree eval examples/models/python-small single_double_quote --circuits quotes.nodes.json
  $ filigree eval examples/models/python-small single_double_quote --circuits quotes.nodes.json --controls --seeds 3
  $ filigree eval examples/models/python-small single_double_quote --rankings attribution eap random`;

interface EvalOptions {
  json?: true;
  circuits?: string[];
  rankings?: string[];
  ablation?: AblationKind;
  controls?: true;
  seeds: number;
  pruner?: string;
  target?: number;
  budget?: number;
  seed: number;
  force?: true;
  metric: Metric;
  workers: number;
}

export function addEval(program: Command, session: Session): void {
  program
    .command("eval")
    .description("score a model, and circuits of it, on tasks")
    .argument("<model>", "a checkpoint directory")
    .argument("[tasks...]", "built-in tasks, or JSON Lines files such as ./data.jsonl")
    .addOption(jsonOption("the scores"))
    .option("--circuits <files...>", "node files, as `filigree prune` writes them")
    .option("--rankings <pruners...>", "pruners whose scores to measure: CPR, CMD and faithfulness by size")
    .addOption(
      new Option(
        "--ablation <kind>",
        "what is shown outside a circuit; what its file says, or means, where left out",
      ).choices(["mean", "zero", "resample"] satisfies AblationKind[]),
    )
    .option("--controls", "also prune the task's nonsense variant, and a model of untrained weights")
    .option("--seeds <n>", "look for the circuit with so many more seeds, and compare", wholeNumber(0), 0)
    .option("--pruner <name>", "the method of --controls and --seeds; the one in the file, where left out")
    .option(
      "--target <loss>",
      "the loss, in nats, that these runs are asked for; the circuit's own, where left out",
      positiveNumber,
    )
    .option("--budget <n>", "the most work of each of these runs, in sequences run forward", wholeNumber(1))
    .addOption(seedOption("decides every random choice").default(0))
    .option("--force", "measure a circuit that was found in another model")
    .addOption(metricOption())
    .addOption(workersOption("tasks and circuits"))
    .addHelpText("after", HELP)
    .action(async (directory: string, tasks: string[], options: EvalOptions) => {
      const {
        json,
        circuits = [],
        rankings = [],
        metric,
        workers,
        controls = false,
        force = false,
        ...settings
      } = options;
      const scores = await session.withProgress((progress) =>
        interruptible((signal) =>
          evaluate(directory, tasks, circuits, {
            metric,
            circuits: { ...settings, controls, force },
            rankings,
            workers,
            signal,
            onProgress: (text) => progress.update(text),
          }),
        ),
      );
      for (const note of scores.notes) session.note(note);
      if (!json) return session.print(renderScores(scores, session.paint));
      const [scored, unfit] = [scores.tasks.filter(isScore), scores.tasks.filter((task) => !isScore(task))];
      session.printJson({
        tasks: scored,
        ...(unfit.length > 0 ? { unfit } : {}),
        ...(circuits.length > 0 ? { circuits: scores.circuits } : {}),
        ...(rankings.length > 0 ? { rankings: scores.rankings } : {}),
        ...(scores.stability.length > 0 ? { stability: scores.stability } : {}),
      });
    });
}

function metricOption(): Option {
  return new Option(
    "--metric <name>",
    "among what a task's answer is chosen; circuits are always scored on the answers",
  )
    .choices(["answers", "full-vocabulary"] satisfies Metric[])
    .default("answers");
}
