import type { Command } from "commander";
import { jsonOption } from "../arguments.ts";
import { inspect } from "../model/inspect.ts";
import { renderInspection } from "../render/inspection.ts";
import type { Session } from "../session.ts";

const HELP = `
A neuron is dead by its weights when no nonzero weight leads into it or none leads out of it; a head, when none leads
into its values or none leads out of it. What dead parts compute can reach the logits as a constant at most. A channel
of the residual stream is dead when no nonzero weight of any layer or embedding leads into it, or none out of it.

Example:
  $ filigree inspect examples/models/python`;

export function addInspect(program: Command, session: Session): void {
  program
    .command("inspect")
    .description("show a model's config, nonzero weights, degrees, dead parts, sizes and model card")
    .argument("<model>", "a checkpoint directory")
    .addOption(jsonOption("everything"))
    .addHelpText("after", HELP)
    .action(async (directory: string, options: { json?: true }) => {
      // Loading the program itself is no progress to report.
      await import("@filigree/core");
      const inspection = await session.withProgress((progress) =>
        inspect(directory, (read, of) => progress.update(`reading ${directory}: ${read} of ${of} parameters`)),
      );
      if (options.json) session.printJson(inspection);
      else session.print(renderInspection(inspection, session.paint));
    });
}
