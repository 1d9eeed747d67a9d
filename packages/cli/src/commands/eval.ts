import { Option, type Command } from "commander";
import type { Metric } from "@filigree/tasks";
import { jsonOption, workersOption } from "../arguments.ts";
import { interruptible } from "../interrupted.ts";
import { evaluate } from "../model/evaluate.ts";
import { isScore, renderScores } from "../render/scores.ts";
import type { Session } from "../session.ts";

const HELP = `
Without TASKS, every built-in task. All figures are of the test split. A loss is the mean over examples of
-ln p(right answer); p is a softmax over the example's answers, or with --metric full-vocabulary over all tokens.
TASK:nonsense asks for answers that mean nothing, as a control.
With --circuits, each pruned circuit alone (all other nodes at their corpus means) beside the whole model.

Examples:
  $ filigree eval examples/models/python-small
  $ filigree eval examples/models/python-small single_double_quote --circuits quotes.nodes.json`;

interface EvalOptions {
  json?: true;
  circuits?: string[];
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
    .addOption(metricOption())
    .addOption(workersOption("tasks and circuits"))
    .addHelpText("after", HELP)
    .action(async (directory: string, tasks: string[], options: EvalOptions) => {
      const { json, circuits = [], metric, workers } = options;
      const scores = await session.withProgress((progress) =>
        interruptible((signal) =>
          evaluate(directory, tasks, circuits, {
            metric,
            workers,
            signal,
            onProgress: (text) => progress.update(text),
          }),
        ),
      );
      if (!json) return session.print(renderScores(scores, session.paint));
      const [scored, unfit] = [scores.tasks.filter(isScore), scores.tasks.filter((task) => !isScore(task))];
      session.printJson({
        tasks: scored,
        ...(unfit.length > 0 ? { unfit } : {}),
        ...(circuits.length > 0 ? { circuits: scores.circuits } : {}),
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
