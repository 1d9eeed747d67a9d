#!/usr/bin/env node
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { InputError } from "@filigree/sites";
import { scaffoldPruner } from "./scaffold-pruner.ts";

const USAGE = `Usage: npm create filigree-pruner NAME

Begins a package with a pruner for Filigree in a new folder, filigree-pruner-NAME: a small pruner that works, its test,
a README and a workflow for continuous integration.

NAME is the pruner's name, lower case words joined by hyphens, or that of its package: @scope/filigree-pruner-NAME.

  -h, --help     show this
      --version  show the version
`;

/** Exit codes as the `filigree` command has them. */
const BAD_INPUT = 2;

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  if (values.help) return void process.stdout.write(USAGE);
  if (values.version) {
    const { version } = createRequire(import.meta.url)("../package.json") as { version: string };
    return void process.stdout.write(`${version}\n`);
  }
  const [name, ...more] = positionals;
  if (name === undefined || more.length > 0) {
    throw new InputError({ what: "one name is needed", hint: "npm create filigree-pruner my-idea" });
  }
  const { folder, files } = await scaffoldPruner(name, process.cwd());
  process.stdout.write(`${files.map((file) => `  ${folder}/${file}\n`).join("")}
Now:
  cd ${folder}
  npm install
  npm test
`);
}

function readArguments() {
  try {
    return parseArgs({
      options: { help: { type: "boolean", short: "h" }, version: { type: "boolean" } },
      allowPositionals: true,
    });
  } catch (error) {
    throw new InputError({ what: (error as Error).message, hint: "npm create filigree-pruner -- --help" });
  }
}

try {
  await main();
} catch (error) {
  const { code } = error as NodeJS.ErrnoException;
  // Bad input, or a folder in which nothing can be made.
  if (!(error instanceof InputError) && code === undefined) throw error;
  process.stderr.write(`error: ${(error as Error).message}\n`);
  process.exitCode = BAD_INPUT;
}
