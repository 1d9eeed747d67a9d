import type { Command } from "commander";
import { jsonOption } from "../arguments.ts";
import { EXIT } from "../exit-codes.ts";
import { readText } from "../files.ts";
import { renderDiff } from "../render/diff.ts";
import type { Session } from "../session.ts";

const HELP = `
The documents are what \`filigree check --json\` prints. Figures are listed where the two intervals have nothing in
common. The exit code is 1 when some claim that both have came out otherwise; added and removed claims are only listed.

Example:
  $ filigree check my.circuit --json > before.json
  $ filigree check my.circuit --json --seed 7 > after.json
  $ filigree diff before.json after.json`;

export function addDiff(program: Command, session: Session): void {
  program
    .command("diff")
    .description("tell what changed between two checks")
    .argument("<before>", "a verdict document")
    .argument("<after>", "another one")
    .addOption(jsonOption("the differences"))
    .addHelpText("after", HELP)
    .action((before: string, after: string, options: { json?: true }) => diff(before, after, options, session));
}

async function diff(before: string, after: string, options: { json?: true }, session: Session): Promise<void> {
  const read = async (where: string) => ({ where, text: await readText(where, "a verdict document") });
  const texts = [await read(before), await read(after)] as const;
  const { diffVerdicts } = await import("@filigree/scrubbing");
  const found = diffVerdicts(...texts);
  if (options.json) session.printJson(found);
  else session.print(renderDiff(found, session));
  if (found.changed) session.exitCode = EXIT.unexpected;
}
