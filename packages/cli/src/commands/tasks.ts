import type { Command } from "commander";
import { jsonOption } from "../arguments.ts";
import { renderTasks } from "../render/tasks.ts";
import type { Session } from "../session.ts";
import { listTasksFor } from "../model/list-tasks-for.ts";

const HELP = `
With --model, each task says whether the model's vocabulary can express it, and how many examples it has.

Example:
  $ filigree tasks`;

export function addTasks(program: Command, session: Session): void {
  program
    .command("tasks")
    .description("list the built-in tasks, each with an example")
    .addOption(jsonOption("the list"))
    .option("--model <dir>", "a checkpoint directory: show the tasks in its vocabulary")
    .addHelpText("after", HELP)
    .action(async (options: { json?: true; model?: string }) => {
      const tasks = await listTasksFor(options.model);
      if (options.json) session.printJson({ tasks });
      else session.print(renderTasks(tasks, session));
    });
}
