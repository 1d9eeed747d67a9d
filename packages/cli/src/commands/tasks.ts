import type { Command } from "commander";
import { jsonOption } from "../arguments.ts";
import { renderTasks } from "../render/tasks.ts";
import type { Session } from "../session.ts";
import { listTasksFor } from "../model/list-tasks-for.ts";

const HELP = `
With --model, each task says whether the model's vocabulary can express it, and how many examples it has.

Examples:
  $ filigree tasks
  $ filigree tasks for_while`;

export function addTasks(program: Command, session: Session): void {
  program
    .command("tasks")
    .description("list the built-in tasks, each with an example; or show one, with some of its prompts")
    .argument("[task]", "a built-in task")
    .addOption(jsonOption("the list"))
    .option("--model <dir>", "a checkpoint directory: show the tasks in its vocabulary")
    .addHelpText("after", HELP)
    .action(async (task: string | undefined, options: { json?: true; model?: string }) => {
      const tasks = await listTasksFor(task, options.model);
      if (options.json) session.printJson({ tasks });
      else session.print(renderTasks(tasks, session));
    });
}
