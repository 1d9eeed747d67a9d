import { parentPort, workerData } from "node:worker_threads";
import { useBackend } from "@filigree/core";
import { differentiate, placeFixedParts, type StepWeights } from "../gradients.ts";
import { buffersOf, packGradients, unpackWeights, type Order, type Reply, type ThreadData } from "./messages.ts";

// What runs in a worker thread: the shards that the main thread hands it, step after step. The main thread ends it.
await useBackend("wasm");
const { config, bigram } = workerData as ThreadData;
const fixed = placeFixedParts(config, bigram);
const say = (reply: Reply, buffers: readonly ArrayBuffer[] = []) => parentPort!.postMessage(reply, buffers);
let weights: StepWeights = new Map();

parentPort!.on("message", (order: Order) => {
  try {
    weights = unpackWeights(order.weights, weights);
    const shards = [...differentiate(fixed, weights, order.shards, order.tokens)].map(packGradients);
    say({ shards }, buffersOf(shards));
  } catch (failure) {
    say({ failure });
  }
});
