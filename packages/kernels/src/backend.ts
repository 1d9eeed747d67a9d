import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { attachKernels } from "./wasm/module.ts";

/** `wasm`: SIMD kernels, for work. `cpu`: plain tfjs operations, slow, for comparison. */
export type BackendName = "wasm" | "cpu";

let ready: { name: BackendName; done: Promise<void> } | undefined;

/**
 * Makes `name` the backend of all tensors made from now on. Call it once before any tensor exists; a second call with
 * the same name does nothing. A process may switch, but a SparseMatrix stays with the backend that it was made on.
 *
 * @throws Error when the backend cannot start.
 */
export async function useBackend(name: BackendName): Promise<void> {
  if (ready?.name !== name) ready = { name, done: start(name) };
  await ready.done;
  // Somebody may have called `tf.setBackend` since.
  if (ready.name === name && tf.getBackend() !== name) await tf.setBackend(name);
}

/** The backend in use. */
export function currentBackend(): BackendName {
  return tf.getBackend() as BackendName;
}

async function start(name: BackendName): Promise<void> {
  // Outside production mode tfjs greets every Node process with an advertisement for its native binding.
  tf.env().set("PROD", true);
  if (name === "wasm") await locateWasm();
  if (!(await tf.setBackend(name))) throw new Error(`tfjs could not start its ${name} backend.`);
  await tf.ready();
  if (name === "wasm") attachKernels();
}

/** In Node the files lie in tfjs's package; in a browser the page's bundler or `setWasmPaths` says where. */
async function locateWasm(): Promise<void> {
  if (typeof process === "undefined" || !process.versions?.node) return;
  const { createRequire } = await import("node:module");
  const { dirname, sep } = await import("node:path");
  const main = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  setWasmPaths(dirname(main) + sep);
}
