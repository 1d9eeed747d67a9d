import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  formatSafetensors,
  fromFloat32,
  InputError,
  JsonValue,
  parseSafetensors,
  toFloat32,
  writeFileAtomically,
  type ParameterValues,
  type StoredTensor,
} from "@filigree/core";
import { packState, unpackState } from "./plugin-state.ts";
import { differences, type Settings } from "./settings.ts";
import type { TrainerState } from "./trainer.ts";

/** What resuming needs: weights, moments, step, and the settings of the run, which another run must not go on from. */
export const STATE_FILE = "training-state.safetensors";
const FORMAT = "filigree.training-state/2";
const PARTS = ["weights", "m", "v"] as const;

/** Stores a state, whole or not at all. @param sparsifier whose state it has, for messages */
export async function saveState(
  directory: string,
  state: TrainerState,
  settings: Settings,
  sparsifier: string,
): Promise<void> {
  const tensors = new Map<string, StoredTensor>();
  for (const part of PARTS) {
    for (const [name, values] of state[part]) tensors.set(`${part}/${name}`, fromFloat32(values, [values.length]));
  }
  for (const [name, indices] of state.indices) {
    tensors.set(`indices/${name}`, { type: "I32", shape: [indices.length], bytes: new Uint8Array(indices.buffer) });
  }
  const { json, arrays } = packState(state.sparsifier, sparsifier);
  for (const [name, values] of arrays) tensors.set(`sparsifier${name}`, fromFloat32(values, [values.length]));
  const metadata = {
    format: FORMAT,
    step: String(state.step),
    sparsifier: json,
    settings: JSON.stringify(settings),
  };
  await writeFileAtomically(join(directory, STATE_FILE), formatSafetensors(tensors, metadata));
}

/**
 * The state stored in a run's folder, or undefined where there is none.
 *
 * @throws InputError where it belongs to a run with other settings or other data, or is damaged.
 */
export async function loadState(directory: string, settings: Settings): Promise<TrainerState | undefined> {
  const path = join(directory, STATE_FILE);
  const bytes = await readIfThere(path);
  if (!bytes) return undefined;
  const { metadata, tensors } = parseSafetensors(bytes, path);
  if (metadata["format"] !== FORMAT) {
    throw new InputError({
      what: `the format is "${metadata["format"]}"`,
      where: path,
      expected: `"${FORMAT}"`,
      hint: "other versions of Filigree cannot go on with it: begin anew in another --out folder",
    });
  }
  const was = field(metadata, "settings", path);
  was.entries();
  refuseOther(was.any() as Settings, settings, path);
  const part = <T>(part: string, decode: (tensor: StoredTensor) => T): Map<string, T> =>
    new Map(
      [...tensors]
        .filter(([name]) => name.startsWith(`${part}/`))
        .map(([name, tensor]) => [name.slice(part.length + 1), decode(tensor)]),
    );
  const read = (name: string): ParameterValues => part(name, toFloat32);
  return {
    step: field(metadata, "step", path).index(),
    sparsifier: unpackState(
      field(metadata, "sparsifier", path).any(),
      new Map([...read("sparsifier")].map(([name, values]) => [`/${name}`, values])),
      `${path}: sparsifier`,
    ),
    weights: read("weights"),
    m: read("m"),
    v: read("v"),
    indices: part("indices", ({ bytes }) => new Int32Array(new Uint8Array(bytes).buffer)),
  };
}

/** A field of the metadata. @throws InputError that names it, where it is missing or not JSON */
function field(metadata: Readonly<Record<string, string>>, key: string, path: string): JsonValue {
  const text = metadata[key];
  if (text !== undefined) return JsonValue.parse(text, `${path}: ${key}`);
  throw new InputError({ what: `the field "${key}" of the metadata is missing`, where: path });
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function refuseOther(was: Settings, is: Settings, where: string): void {
  const found = differences(was, is);
  if (found.length === 0) return;
  throw new InputError({
    what: `this run was begun otherwise:${found.map((line) => `\n    ${line}`).join("")}`,
    where,
    hint: "go on with what it was begun with, or begin anew in another --out folder",
  });
}
