// What runs in the tab. The test bundles it as the global `tab`.
import { disposeModel, loadModel, useBackend, type CheckpointFiles, type Model, type OpenFile } from "@filigree/core";
import { check, type CheckOutcome } from "@filigree/scrubbing";
import * as tf from "@tensorflow/tfjs-core";
import { runTimes } from "./run-times.ts";

/** A run in the tab. */
export interface TabRun {
  readonly hash: string;
  readonly loadMilliseconds: number;
  /** Of every repetition but the first. */
  readonly runMilliseconds: readonly number[];
  /** How large tfjs's wasm memory has grown. */
  readonly wasmBytes: number;
  /** What remained after everything was disposed. */
  readonly tensorsLeft: number;
}

/** Loads the model of a folder of the server, runs one row of tokens several times and sends the logits to `into`. */
export async function run(folder: string, ids: readonly number[], times: number, into: string): Promise<TabRun> {
  await useBackend("wasm", { wasmFiles: "/wasm/" });
  const begun = performance.now();
  return runLoaded(await loadModel(folder), begun, ids, times, into);
}

/** The same from files that the tab holds, as it does when a person picks them from the disk. */
export async function runFiles(
  folder: string,
  names: readonly string[],
  ids: readonly number[],
  into: string,
): Promise<TabRun> {
  await useBackend("wasm", { wasmFiles: "/wasm/" });
  const files = new Map<string, Blob>();
  for (const name of names) files.set(name, await (await fetch(`${folder}/${name}`)).blob());
  const begun = performance.now();
  return runLoaded(await loadModel(pickedFiles(files)), begun, ids, 1, into);
}

function pickedFiles(files: ReadonlyMap<string, Blob>): CheckpointFiles {
  const open = async (name: string): Promise<OpenFile | undefined> => {
    const blob = files.get(name);
    if (!blob) return undefined;
    const read = async (at: number, bytes: Uint8Array) => {
      bytes.set(new Uint8Array(await blob.slice(at, at + bytes.length).arrayBuffer()));
    };
    return { where: name, size: blob.size, read, close: async () => {} };
  };
  return { where: "the picked files", open };
}

async function runLoaded(
  model: Model,
  begun: number,
  ids: readonly number[],
  times: number,
  into: string,
): Promise<TabRun> {
  const loadMilliseconds = performance.now() - begun;
  const { values, runMilliseconds } = runTimes(model, ids, times);
  await fetch(into, { method: "POST", body: values });
  disposeModel(model);
  const { wasm } = tf.backend() as unknown as { wasm: { HEAPU8: Uint8Array } };
  return {
    hash: model.hash,
    loadMilliseconds,
    runMilliseconds,
    wasmBytes: wasm.HEAPU8.length,
    tensorsLeft: tf.memory().numTensors,
  };
}

/** Has a worker call {@link run}; gives "done", or what went wrong. Its script must call {@link workInWorker}. */
export function runInWorker(script: string, ...args: Parameters<typeof run>): Promise<string> {
  const worker = new Worker(`${script}#${encodeURIComponent(JSON.stringify(args))}`);
  return new Promise((done) => {
    worker.addEventListener("message", ({ data }: MessageEvent<string>) => done(data));
    worker.addEventListener("error", ({ message }) => done(message));
  });
}

export async function workInWorker(): Promise<void> {
  const args = JSON.parse(decodeURIComponent(location.hash.slice(1))) as Parameters<typeof run>;
  postMessage(
    await run(...args).then(
      () => "done",
      (error: unknown) => String(error),
    ),
  );
}

/** Checks a `.circuit` text as though it lay at a URL of the server. */
export async function checkText(text: string, file: string, examples: number): Promise<CheckOutcome> {
  await useBackend("wasm", { wasmFiles: "/wasm/" });
  return check({ text, file, examples });
}

/** What the tab says of a model that cannot be loaded. */
export async function refusal(folder: string): Promise<string> {
  await useBackend("wasm", { wasmFiles: "/wasm/" });
  return loadModel(folder).then(
    () => "it was loaded",
    (error: unknown) => String(error),
  );
}
