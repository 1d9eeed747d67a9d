import * as tf from "@tensorflow/tfjs-core";
import { MODULE_BASE64 } from "./module.generated.ts";

/** The functions of assembly/, by name. Tensors are passed as byte addresses in tfjs's own memory. */
type Kernels = Record<string, (...args: number[]) => number>;

/** The part of tfjs's wasm backend that sharing its memory needs. */
interface WasmBackend {
  wasm: { asm?: { memory?: WebAssembly.Memory }; HEAPU8: Uint8Array };
  dataIdMap: { get(id: object): { memoryOffset: number } };
  incRef(dataId: object): void;
  makeOutput(shape: number[], dtype: tf.DataType): tf.TensorInfo;
}

let kernels: Kernels | undefined;

/** Instantiates our module over the memory of tfjs's, once that backend runs. */
export async function attachKernels(): Promise<void> {
  if (kernels) return;
  const { wasm } = tf.backend() as unknown as WasmBackend;
  const memory = wasm.asm?.memory;
  if (!memory) throw new Error("tfjs's wasm backend does not show its memory; tfjs 4.22.0 does.");
  const bytes = Uint8Array.from(atob(MODULE_BASE64), (c) => c.charCodeAt(0));
  // Not at once: some browsers refuse to compile more than a few kilobytes while a page waits.
  const { instance } = await WebAssembly.instantiate(bytes, { env: { memory } });
  kernels = instance.exports as Kernels;
  shareClones();
}

/**
 * Lets clones share their original's memory, as tfjs's other backends do. Its wasm backend copies: with two clones for
 * most operations that a gradient passes through, that is a good part of a training step.
 */
function shareClones(): void {
  tf.unregisterKernel(tf.Identity, "wasm");
  tf.registerKernel({
    kernelName: tf.Identity,
    backendName: "wasm",
    kernelFunc: ({ inputs, backend }) => {
      const { dataId, shape, dtype } = inputs["x"]!;
      (backend as WasmBackend).incRef(dataId);
      return { dataId, shape, dtype };
    },
  });
}

/** Whether our kernels run in place of the portable versions: true on the wasm backend. */
export function hasKernels(): boolean {
  return kernels !== undefined && tf.getBackend() === "wasm";
}

/** Calls a kernel. Tensor arguments become their addresses; `undefined` becomes 0, which kernels read as "none". */
export function call(name: string, ...args: readonly (tf.Tensor | number | undefined)[]): number {
  const { dataIdMap } = backendOfKernels();
  const address = (tensor: tf.Tensor) => dataIdMap.get(tensor.dataId).memoryOffset;
  const numbers = args.map((a) => (typeof a === "number" ? a : a === undefined ? 0 : address(a)));
  if (!profile) return kernels![name]!(...numbers);
  const begun = performance.now();
  const result = kernels![name]!(...numbers);
  profile.set(name, (profile.get(name) ?? 0) + performance.now() - begun);
  return result;
}

let profile: Map<string, number> | undefined;

/** Runs `work` and says how many milliseconds it spent in each kernel, by the kernels' names. Wasm backend only. */
export function profileKernels(work: () => void): ReadonlyMap<string, number> {
  const outer = profile;
  const own = new Map<string, number>();
  profile = own;
  try {
    work();
  } finally {
    profile = outer;
  }
  return own;
}

/** An uninitialised tensor on the wasm heap, tracked by the current tidy scope like any other. */
export function output<R extends tf.Rank>(shape: tf.ShapeMap[R], dtype: "float32" | "int32" = "float32"): tf.Tensor<R> {
  const info = backendOfKernels().makeOutput(shape as number[], dtype);
  return tf.engine().makeTensorFromTensorInfo(info) as tf.Tensor<R>;
}

/** On another backend tensors have no address, which a kernel would read as 0: somebody else's memory. */
function backendOfKernels(): WasmBackend {
  if (hasKernels()) return tf.backend() as unknown as WasmBackend;
  throw new Error(`This needs the wasm backend, and "${tf.getBackend()}" is in use; call useBackend("wasm").`);
}
