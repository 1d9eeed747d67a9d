import { SUBLAYER_LOCTYPES } from "@filigree/core";

/** A model of the published architecture. */
function published(dModel, nLayer) {
  return {
    nLayer,
    dModel,
    vocabSize: 2048,
    outSize: 2048,
    blockSize: 256,
    positions: "concatenated",
    dPos: 32,
    nHead: dModel / 16,
    dHead: 16,
    dMlp: 4 * dModel,
    bias: true,
    norm: "rms",
    lnBias: true,
    causal: true,
    activation: "gelu",
    residualActivation: "identity",
    afrac: 0.25,
    afracLoctypes: SUBLAYER_LOCTYPES,
    sink: true,
    bigram: true,
    tiedUnembed: false,
  };
}

const LARGE = {
  name: "large",
  config: published(2048, 8),
  density: { block: 1 / 1024, embedding: 1 / 128 },
};
const SMALL = {
  name: "small",
  config: published(256, 4),
  density: { block: 0.02, embedding: 1 / 128 },
};
/** The same with the vocabulary and the context of the published pruning runs. */
const PRUNED = {
  name: "pruned",
  config: { ...SMALL.config, vocabSize: 1024, outSize: 1024, blockSize: 128, positions: "added", dPos: 0 },
  density: SMALL.density,
};
const DENSE = { ...SMALL, name: "dense", density: { block: 1, embedding: 1 } };

/**
 * What is measured. `ratio` is how many times faster than the better of PyTorch's thread counts it is to be;
 * `milliseconds` how long it may take. The bar must be met, the aim is what is hoped for.
 */
export const CASES = [
  {
    name: "forward-large",
    kind: "forward",
    model: LARGE,
    rows: 1,
    length: 256,
    ratio: { bar: 5, aim: 20 },
    peakMemoryBytes: { bar: 400e6, aim: 200e6 },
  },
  { name: "forward-small", kind: "forward", model: SMALL, rows: 16, length: 128, ratio: { bar: 4, aim: 10 } },
  { name: "forward-dense", kind: "forward", model: DENSE, rows: 16, length: 128, ratio: { bar: 0.25, aim: 0.5 } },
  { name: "load", kind: "load", model: LARGE, milliseconds: { bar: 1000, aim: 200 } },
  { name: "language", kind: "language", lines: 1000, milliseconds: { bar: 30, aim: 30 } },
  {
    name: "circuit",
    kind: "circuit",
    model: LARGE,
    rows: 64,
    length: 256,
    /** The peer runs so many of the rows; its time grows with their number. */
    peerRows: 2,
    nodes: 100,
    ratio: { bar: 50, aim: 500 },
  },
  { name: "prune-step", kind: "prune", model: PRUNED, rows: 128, length: 128, ratio: { bar: 3, aim: 10 } },
  {
    name: "scrub",
    kind: "scrub",
    files: ["close-quote", "second-route", "wrong"].map((name) => `examples/quotes/${name}.circuit`),
    model: "examples/models/python-small",
    settings: { examples: 512, donors: 16 },
    /** The peer runs so many of the swaps; its time grows with their number. */
    peerSwaps: 512,
    ratio: { bar: 50, aim: 500 },
    milliseconds: { bar: 15_000, aim: 5_000 },
  },
  {
    name: "train-step",
    kind: "train",
    train: { dModel: 256, nLayer: 4, context: 128, batch: 16, vocabSize: 1024, density: 0.05 },
    ratio: { bar: 1, aim: 2.5 },
  },
];
