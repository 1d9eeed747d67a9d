import { parentPort, workerData } from "node:worker_threads";
import { packError, type Message } from "./messages.ts";
import { openWorkbench, type InputOf, type NewsOf, type OutputOf, type WorkKind } from "./workbenches.ts";

// What runs in a worker thread: pieces of one kind of work, as the main thread hands them out. It ends the thread.
type Said = Message<OutputOf<WorkKind>, NewsOf<WorkKind>>;

const workbench = await openWorkbench(workerData as WorkKind);
const say = (message: Said, buffers: readonly ArrayBuffer[] = []) => parentPort!.postMessage(message, buffers);

parentPort!.on("message", (input: InputOf<WorkKind>) => {
  workbench.do(input, { onNews: (news) => say({ news }) }).then(
    (output) => say({ output }, workbench.buffersOf?.(output)),
    (error: unknown) => say({ failure: packError(error) }),
  );
});
