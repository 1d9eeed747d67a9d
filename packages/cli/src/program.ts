import { Command } from "commander";
import { addCheck } from "./commands/check.ts";
import { addConvert } from "./commands/convert.ts";
import { addDiff } from "./commands/diff.ts";
import { addEval } from "./commands/eval.ts";
import { addFmt } from "./commands/fmt.ts";
import { addInspect } from "./commands/inspect.ts";
import { addPicture } from "./commands/picture.ts";
import { addPrune } from "./commands/prune.ts";
import { addRun } from "./commands/run.ts";
import { addTasks } from "./commands/tasks.ts";
import { addTrain } from "./commands/train.ts";
import type { Session } from "./session.ts";
import { version } from "./version.ts";

const EXIT_CODES = `
Exit codes:
  0    all is as expected
  1    some claim is not as expected (diff: some verdict changed; fmt --check: some file would change)
  2    the input is at fault
  130  interrupted
  70   a fault of filigree itself

Example:
  $ filigree check examples/quotes/close-quote.circuit`;

/** The command line: every command with its arguments. What a command needs is loaded when it runs. */
export function program(session: Session): Command {
  const { stdout, stderr } = session.streams;
  const root = new Command("filigree")
    .description("Makes the inside of small neural networks readable: train, prune, state, check.")
    .version(version(), "--version", "print the version")
    .helpOption("--help", "print this help")
    .helpCommand(false)
    .configureHelp({ helpWidth: stdout.columns })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
    })
    .showHelpAfterError("Add --help to see how the command is used.")
    .exitOverride()
    .addHelpText("after", EXIT_CODES);
  for (const add of [
    addCheck,
    addDiff,
    addTrain,
    addPrune,
    addEval,
    addPicture,
    addRun,
    addInspect,
    addConvert,
    addTasks,
    addFmt,
  ])
    add(root, session);
  return root;
}
