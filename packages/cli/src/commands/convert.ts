import { stat } from "node:fs/promises";
import type { Command } from "commander";
import { InputError } from "@filigree/sites";
import { convertCircuit } from "../model/convert-circuit.ts";
import { bytes, count, counted, percent } from "../render/numbers.ts";
import type { Session } from "../session.ts";

const HELP = `
A folder is read as a model: OpenAI's beeg_config.json and final_model.pt, the Hugging Face layout, or a checkpoint of
ours. <to> becomes a checkpoint folder whose matrices are compressed; the tokenizer is carried along. A file is read as
OpenAI's viz_data.pt: <to> becomes a node file, with the weights of --model as its edges. <to> must not exist yet, or
be an empty folder.

Examples:
  $ filigree convert models/csp_yolo2 models/yolo2
  $ filigree convert viz_data.pt quotes.nodes.json --model models/yolo2 --task single_double_quote`;

interface ConvertOptions {
  model?: string;
  task?: string;
}

export function addConvert(program: Command, session: Session): void {
  program
    .command("convert")
    .description("convert a published model to a compressed checkpoint, or a published circuit to a node file")
    .argument("<from>", "a model folder, or a viz_data.pt")
    .argument("<to>", "the folder or the file to write")
    .option("--model <dir>", "of a circuit: the model that it is part of")
    .option("--task <name>", "of a circuit: the task that it was pruned for")
    .addHelpText("after", HELP)
    .action((from: string, to: string, options: ConvertOptions) => convert(from, to, options, session));
}

async function convert(from: string, to: string, options: ConvertOptions, session: Session): Promise<void> {
  const found = await stat(from).catch(() => undefined);
  if (!found) throw new InputError({ what: "there is no such file or folder", where: from });
  if (found.isFile()) return convertFile(from, to, options, session);
  if (options.model !== undefined || options.task !== undefined) {
    const what = "--model and --task are for circuits, and this is a folder";
    throw new InputError({ what, where: from, expected: "a viz_data.pt" });
  }
  const { convertCheckpoint } = await import("@filigree/core");
  const { values, notes } = await session.withProgress((progress) =>
    convertCheckpoint(from, to, (read, of) => progress.update(`reading ${from}: ${read} of ${of} parameters`)),
  );
  for (const note of notes) session.note(note);
  const data = [...values.values()];
  const nonzero = data.reduce((sum, one) => sum + nonzerosOf(one instanceof Float32Array ? one : one.values), 0);
  const all = data.reduce((sum, one) => sum + (one instanceof Float32Array ? one.length : one.rows * one.cols), 0);
  const size = (await stat(`${to}/model.safetensors`)).size;
  session.note(
    `${to}: ${count(nonzero)} nonzeros of ${counted(all, "parameter")} (${percent(nonzero / all)}), ${bytes(size)}`,
  );
}

async function convertFile(from: string, to: string, options: ConvertOptions, session: Session): Promise<void> {
  if (await stat(to).catch(() => undefined)) {
    throw new InputError({ what: "there is something already", where: to, expected: "a file to make" });
  }
  const { file, notes } = await convertCircuit(from, options);
  const { formatNodeFile, writeFileAtomically } = await import("@filigree/core");
  await writeFileAtomically(to, formatNodeFile(file));
  for (const note of notes) session.note(note);
  const nodes = Object.values(file.nodes).reduce((sum, channels) => sum + channels.length, 0);
  session.note(`${to}: ${counted(nodes, "node")}, ${counted(file.edges.length, "edge")}`);
}

function nonzerosOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0);
}
