import type { Command } from "commander";
import { InputError } from "@filigree/sites";
import type { BackendName } from "@filigree/core";
import { backendOption, jsonOption, wholeNumber, workersOption } from "../arguments.ts";
import { readText } from "../files.ts";
import { interruptible } from "../interrupted.ts";
import { measureRuns } from "../model/measure-runs.ts";
import { recordRun } from "../model/record-run.ts";
import { checkTokens, parseTokenRows } from "../model/token-rows.ts";
import { withModel } from "../model/with-model.ts";
import { renderMeasurement } from "../render/measurement.ts";
import { counted } from "../render/numbers.ts";
import type { Session } from "../session.ts";

const HELP = `
--tokens names a JSON file [[ids, ...], ...] with rows of one length. --out receives "logits" and each recorded site
under its name, float32 [row, token, channel]; an attention pattern is [row, head, query, key].

Examples:
  $ filigree run examples/models/python --tokens rows.json --record "*.mlp.post_act" --out activations.safetensors
  $ filigree run examples/models/python --tokens rows.json --repeat 10 --json`;

interface RunOptions {
  tokens: string;
  record: string[];
  backend: BackendName;
  repeat?: number;
  json?: true;
  out?: string;
  workers: number;
}

export function addRun(program: Command, session: Session): void {
  program
    .command("run")
    .description("run a model on token ids, record its sites, measure its speed")
    .argument("<model>", "a checkpoint directory")
    .requiredOption("--tokens <file>", "the token ids")
    .option("--record <glob>", "sites to record, such as 1.attn.q or *.mlp.post_act; may be given again", collect, [])
    .addOption(backendOption())
    .option("--repeat <n>", "time so many passes, after one to warm up", wholeNumber(1))
    .addOption(jsonOption("the times"))
    .option("--out <file>", "a .safetensors file to write; needed unless --repeat is given")
    .addOption(workersOption("the rows of --out"))
    .addHelpText("after", HELP)
    .action((directory: string, options: RunOptions) => runModel(directory, options, session));
}

function collect(glob: string, globs: readonly string[]): string[] {
  return [...globs, glob];
}

async function runModel(directory: string, options: RunOptions, session: Session): Promise<void> {
  const { tokens, record, backend, repeat, json, out, workers } = options;
  if (out === undefined && repeat === undefined) {
    throw new InputError({ what: "there is nothing to do", hint: "give --out FILE.safetensors, or --repeat N" });
  }
  if (out === undefined && record.length > 0) {
    throw new InputError({ what: "--record without a file to record to", hint: "give --out FILE.safetensors" });
  }
  const text = await readText(tokens, "JSON: rows of token ids");
  if (out !== undefined) {
    const { writeFileAtomically } = await import("@filigree/core");
    const recorded = await session.withProgress((progress) =>
      interruptible((signal) => {
        const onProgress = (where: string) => progress.update(where);
        return recordRun({ directory, backend, text, where: tokens, globs: record, workers, signal, onProgress });
      }),
    );
    await writeFileAtomically(out, recorded.bytes);
    session.note(`${counted(recorded.rows, "row")} of ${counted(recorded.tokens, "token")} written to ${out}`);
  }
  if (repeat === undefined) return;
  await withModel(directory, backend, async (model) => {
    const batch = parseTokenRows(text, tokens);
    checkTokens({ tokens: batch, first: 0 }, tokens, model.config);
    const measurement = await session.withProgress((progress) =>
      measureRuns(model, batch, repeat, (where) => progress.update(where)),
    );
    if (json) session.printJson(measurement);
    else session.print(renderMeasurement(measurement, session.paint));
  });
}
