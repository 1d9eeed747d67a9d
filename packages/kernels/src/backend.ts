import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { locateWasm } from "#platform/locate-wasm";
import { attachKernels } from "./wasm/module.ts";

/** `wasm`: SIMD kernels, for work. `cpu`: plain tfjs operations, slow, for comparison. */
export type BackendName = "wasm" | "cpu";

export interface BackendOptions {
  /**
   * The folder of tfjs's `.wasm` files, with a slash at its end: a path, or in a browser a URL. By default Node takes
   * them from tfjs's package and a browser from beside the page.
   */
  readonly wasmFiles?: string;
}

let ready: { name: BackendName; done: Promise<void> } | undefined;

/**
 * Makes `name` the backend of all tensors made from now on. Call it once before any tensor exists; a second call with
 * the same name does nothing. A process may switch, but a SparseMatrix stays with the backend that it was made on.
 *
 * @throws Error when the backend cannot start.
 */
export async function useBackend(name: BackendName, options: BackendOptions = {}): Promise<void> {
  if (ready?.name !== name) ready = { name, done: start(name, options) };
  await ready.done;
  // Somebody may have called `tf.setBackend` since.
  if (ready.name === name && tf.getBackend() !== name) await tf.setBackend(name);
}

/** The backend in use. */
export function currentBackend(): BackendName {
  return tf.getBackend() as BackendName;
}

async function start(name: BackendName, { wasmFiles = locateWasm() }: BackendOptions): Promise<void> {
  // Outside production mode tfjs greets every Node process with an advertisement for its native binding.
  tf.env().set("PROD", true);
  if (name === "wasm") {
    setWasmPaths(wasmFiles);
    // On pages with shared memory tfjs would take its threaded module, whose memory ours cannot import.
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  }
  if (!(await tf.setBackend(name))) throw new Error(`tfjs could not start its ${name} backend.`);
  await tf.ready();
  if (name === "wasm") await attachKernels();
}
