import { open } from "node:fs/promises";
import { dirname, relative, sep } from "node:path";
import type { Model, NodeFile } from "@filigree/core";
import { formatNodeFile, InputError, JsonValue, NODE_FILE_FORMAT, parseNodeFile } from "@filigree/sites";
import { readText } from "../files.ts";
import { located } from "./located.ts";

/** What a circuit can be written as. */
export const CIRCUIT_FORMATS = ["nodes", "mib", "viz", "circuit"] as const;

export type CircuitFormat = (typeof CIRCUIT_FORMATS)[number];

/** A circuit that was read, and what of it was passed over. */
export interface ReadCircuit {
  /** Where it lies, for messages. */
  readonly path: string;
  readonly file: NodeFile;
  readonly notes: readonly string[];
}

/** A node file. @throws InputError where it is missing or damaged, or names another model than the given one. */
export async function readNodeFile(path: string, model?: Model): Promise<NodeFile> {
  const file = parseNodeFile(await readText(path, "a node file"), path);
  if (model === undefined) return file;
  const { checkModelOfCircuit, circuitMask } = await import("@filigree/pruners");
  checkModelOfCircuit(file, model, path);
  await located(path, () => circuitMask(model.config, file));
  return file;
}

/**
 * A circuit in any of the formats that are read: a node file, a graph of EAP-IG and MIB, or OpenAI's viz_data.pt. The
 * content tells which.
 *
 * @throws InputError where the file is damaged, is none of these, or does not fit the model.
 */
export async function readCircuit(
  path: string,
  { model, task }: { readonly model?: Model; readonly task?: string },
): Promise<ReadCircuit> {
  const settings = { where: path, ...(model && { model }), ...(task !== undefined && { task }) };
  if (!(await beginsAnObject(path))) {
    const { readVizData } = await import("@filigree/core");
    const { circuitOfVizData } = await import("@filigree/pruners");
    const viz = await readVizData(path);
    const unnamed = "the circuit names no model: --model gives it one, and its weights";
    return { path, file: circuitOfVizData(viz, settings), notes: model ? viz.notes : [...viz.notes, unnamed] };
  }
  const text = await readText(path, "a circuit");
  if (!new RegExp(`"format"\\s*:\\s*"${NODE_FILE_FORMAT.split("/")[0]}/`, "u").test(text))
    return readGraph(text, path, settings);
  const file = await readNodeFile(path, model);
  return { path, file: task === undefined ? file : { ...file, task }, notes: [] };
}

async function readGraph(
  text: string,
  path: string,
  settings: { readonly where: string; readonly model?: Model; readonly task?: string },
): Promise<ReadCircuit> {
  if (!/"edges"\s*:/u.test(text) || !/"cfg"\s*:/u.test(text)) {
    JsonValue.parse(text, path);
    throw new InputError({
      what: "this JSON is no circuit",
      where: path,
      expected: `a node file ("format": "${NODE_FILE_FORMAT}"), or a graph of EAP-IG and MIB ("cfg", "nodes" and "edges")`,
    });
  }
  const { circuitOfMibGraph, parseMibGraph } = await import("@filigree/pruners");
  const { graph, notes } = parseMibGraph(text, path);
  const { model, ...rest } = settings;
  if (model === undefined)
    throw needsModel(path, "a graph of heads and MLP blocks does not say which channels they have");
  const coarse = "the graph names whole heads and MLP blocks: the circuit has all their channels";
  return { path, file: circuitOfMibGraph(graph, { ...rest, model }), notes: [...notes, coarse] };
}

/** What a file is to hold, and what of the circuit that leaves out. */
export interface FormattedCircuit {
  readonly contents: string | Uint8Array;
  readonly notes: readonly string[];
}

/**
 * A circuit in a format.
 *
 * @param to where it will lie: paths in a `.circuit` file are relative to its folder
 * @throws InputError where the format needs the model and none is given, and for a circuit that it cannot hold.
 */
export async function formatCircuitAs(
  format: CircuitFormat,
  { path, file }: ReadCircuit,
  to: string,
  model: { readonly directory: string; readonly loaded: Model } | undefined,
): Promise<FormattedCircuit> {
  if (format === "nodes") return { contents: formatNodeFile(file), notes: [] };
  if (model === undefined) {
    const heads = "a node file does not say which channels belong to which head";
    throw needsModel(to, format === "viz" ? "a node file does not say how many nodes the model has" : heads);
  }
  const { circuitSkeleton, formatMibGraph, mibGraphOf, vizDataOf } = await import("@filigree/pruners");
  const { config } = model.loaded;
  if (format === "mib") return { contents: formatMibGraph(mibGraphOf(file, config)), notes: [] };
  if (format === "viz") {
    const { formatVizData } = await import("@filigree/core");
    const viz = vizDataOf(file, config);
    return { contents: formatVizData(viz), notes: viz.notes };
  }
  const task = isPath(file.task) ? dotted(pathFromFileTo(file.task, to)) : file.task;
  const modelPath = pathFromFileTo(model.directory, to);
  const contents = await located(path, () => circuitSkeleton(file, { config, modelPath, task }));
  return { contents, notes: [] };
}

function needsModel(where: string, what: string): InputError {
  return new InputError({ what, where, expected: "--model with the folder of its model" });
}

/** What the tasks take for the path of a file rather than a name. */
function isPath(task: string): boolean {
  return /^\.{0,2}[/\\]|\.jsonl$/iu.test(task);
}

function pathFromFileTo(path: string, file: string): string {
  return relative(dirname(file), path).split(sep).join("/") || ".";
}

function dotted(path: string): string {
  return path.startsWith(".") ? path : `./${path}`;
}

async function beginsAnObject(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
    return /^\ufeff?\s*\{/u.test(buffer.subarray(0, bytesRead).toString("utf8"));
  } finally {
    await file.close();
  }
}
