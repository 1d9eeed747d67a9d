import type { Command } from "commander";
import { jsonOption, workersOption } from "../arguments.ts";
import { interruptible } from "../interrupted.ts";
import { evaluate } from "../model/evaluate.ts";
import { renderScores } from "../render/scores.ts";
import type { Session } from "../session.ts";

const HELP = `
Without TASK, every built-in task that the model's vocabulary can express. All figures are of the test split;
a loss is the mean over examples of -ln p(right answer), p being a softmax over the task's answers.
With --circuits, each pruned circuit alone (all other nodes at their corpus means) beside the whole model.

Examples:
  $ filigree eval examples/models/python
  $ filigree eval examples/models/python single_double_quote --circuits quotes.nodes.json`;

interface EvalOptions {
  json?: true;
  circuits?: string[];
  workers: number;
}

export function addEval(program: Command, session: Session): void {
  program
    .command("eval")
    .description("score a model, and circuits of it, on tasks")
    .argument("<model>", "a checkpoint directory")
    .argument("[task]", "a built-in task, or a JSON Lines file such as ./data.jsonl")
    .addOption(jsonOption("the scores"))
    .option("--circuits <files...>", "node files, as `filigree prune` writes them")
    .addOption(workersOption("tasks and circuits"))
    .addHelpText("after", HELP)
    .action(async (directory: string, task: string | undefined, { json, circuits = [], workers }: EvalOptions) => {
      const scores = await session.withProgress((progress) =>
        interruptible((signal) =>
          evaluate(directory, task, circuits, { workers, signal, onProgress: (text) => progress.update(text) }),
        ),
      );
      if (json)
        session.printJson({ tasks: scores.tasks, ...(circuits.length > 0 ? { circuits: scores.circuits } : {}) });
      else session.print(renderScores(scores, session.paint));
      for (const { name, why } of scores.skipped) session.note(`${name} is left out: ${why}`);
    });
}
