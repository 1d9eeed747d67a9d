import { stat } from "node:fs/promises";
import { Option, type Command } from "commander";
import type { Model } from "@filigree/core";
import { InputError } from "@filigree/sites";
import {
  CIRCUIT_FORMATS,
  formatCircuitAs,
  readCircuit,
  type CircuitFormat,
  type FormattedCircuit,
  type ReadCircuit,
} from "../model/circuit-files.ts";
import { withModel } from "../model/with-model.ts";
import { bytes, count, counted, percent } from "../render/numbers.ts";
import type { Session } from "../session.ts";

const HELP = `
A folder is read as a model: OpenAI's beeg_config.json and final_model.pt, the Hugging Face layout, or a checkpoint of
ours. <to> becomes a checkpoint folder whose matrices are compressed; the tokenizer is carried along. <to> must not
exist yet, or be an empty folder. --halves rounds the weights of matrices to float16, for a file of two thirds the size.
The model is then another one, with figures and a hash of its own.

A file is read as a circuit: a node file, a graph of EAP-IG and MIB, or OpenAI's viz_data.pt. <to> must not exist yet;
it becomes what --as says:
  nodes    a node file; edges are weights of --model
  mib      a graph of EAP-IG and MIB: whole heads and MLP blocks
  viz      OpenAI's viz_data.pt, without the samples and activations that its viewer shows
  circuit  the beginning of a .circuit file, with the nodes in groups

Examples:
  $ filigree convert models/csp_yolo2 models/yolo2
  $ filigree convert viz_data.pt quotes.nodes.json --model models/yolo2 --task single_double_quote
  $ filigree convert quotes.nodes.json quotes.circuit --as circuit --model models/yolo2
  $ filigree convert quotes.nodes.json viz_data.pt --as viz --model models/yolo2`;

interface ConvertOptions {
  model?: string;
  task?: string;
  as?: CircuitFormat;
  halves?: true;
}

export function addConvert(program: Command, session: Session): void {
  program
    .command("convert")
    .description("convert a published model to a compressed checkpoint, or a circuit from one format to another")
    .argument("<from>", "a model folder, or a file with a circuit")
    .argument("<to>", "the folder or the file to write")
    .option("--model <dir>", "of a circuit: the model that it is part of")
    .option("--task <name>", "of a circuit: the task that it was pruned for")
    .addOption(
      new Option("--as <format>", "of a circuit: what to write; nodes, where left out").choices(CIRCUIT_FORMATS),
    )
    .option("--halves", "of a model: round weights to float16")
    .addHelpText("after", HELP)
    .action((from: string, to: string, options: ConvertOptions) => convert(from, to, options, session));
}

async function convert(from: string, to: string, options: ConvertOptions, session: Session): Promise<void> {
  const found = await stat(from).catch(() => undefined);
  if (!found) throw new InputError({ what: "there is no such file or folder", where: from });
  const { halves = false, ...forCircuits } = options;
  if (found.isFile()) {
    if (!halves) return convertFile(from, to, options, session);
    throw new InputError({
      what: "--halves is for models, and this is a file",
      where: from,
      expected: "a model folder",
    });
  }
  if (Object.values(forCircuits).some((value) => value !== undefined)) {
    const what = "--model, --task and --as are for circuits, and this is a folder";
    throw new InputError({ what, where: from, expected: "a file with a circuit" });
  }
  const { convertCheckpoint } = await import("@filigree/core");
  const { values, notes } = await session.withProgress((progress) =>
    convertCheckpoint(from, to, {
      halves,
      onProgress: (read, of) => progress.update(`reading ${from}: ${read} of ${of} parameters`),
    }),
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
  const { model, task, as: format = "nodes" } = options;
  const work = async (loaded?: Model): Promise<{ circuit: ReadCircuit; formatted: FormattedCircuit }> => {
    const circuit = await readCircuit(from, { ...(loaded && { model: loaded }), ...(task !== undefined && { task }) });
    const whole = model !== undefined && loaded !== undefined ? { directory: model, loaded } : undefined;
    return { circuit, formatted: await formatCircuitAs(format, circuit, to, whole) };
  };
  const { circuit, formatted } = model === undefined ? await work() : await withModel(model, "wasm", work);
  const { writeFileAtomically } = await import("@filigree/core");
  await writeFileAtomically(to, formatted.contents);
  for (const note of [...circuit.notes, ...formatted.notes]) session.note(note);
  const nodes = Object.values(circuit.file.nodes).reduce((sum, channels) => sum + channels.length, 0);
  session.note(`${to}: ${counted(nodes, "node")}, ${counted(circuit.file.edges.length, "edge")}`);
}

function nonzerosOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + (value === 0 ? 0 : 1), 0);
}
