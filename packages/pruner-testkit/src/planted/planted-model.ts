import {
  compareSites,
  disposeModel,
  formatConfig,
  parseNodeId,
  randomStream,
  seed as checkedSeed,
  sha256,
  SUBLAYER_LOCTYPES,
  useBackend,
  type Model,
  type ModelConfig,
  type NodeFileEdge,
  type NodeId,
  type RandomStream,
} from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { withMeans } from "../corpus-means.ts";
import { look } from "../look.ts";
import { amongEdges, amongNodes, edgeMask, nodeMask } from "./circuit-masks.ts";
import { CIRCUIT_SHAPES, SHAPE_TASK, shapeExamples, VOCABULARY_SIZE, type CircuitShapeName } from "./circuit-shapes.ts";
import { Planting } from "./planting.ts";

/** A tiny model that solves its task in a way that is known, among weights that compute other things. */
export interface PlantedModel {
  /** With the means of its own prompts. Its parameters are tensors: dispose it. */
  readonly model: Model;
  readonly task: Task;
  readonly shape: CircuitShapeName;
  /** How it solves the task. */
  readonly about: string;
  /** The nodes of its circuit, in forward order. Under mean ablation {@link PLANTED_TARGET} needs every one of them. */
  readonly nodes: readonly NodeId[];
  /** The edges of its circuit: they alone reach that loss, and every one of them is needed. */
  readonly edges: readonly NodeFileEdge[];
}

/** The loss, in nats on the dev split, that a planted circuit has and no smaller part of it. */
export const PLANTED_TARGET = 0.15;

/** How far on the right side of the target the losses must lie. */
const [AT_MOST, AT_LEAST] = [0.1, 0.2];

/** Contrast pairs of the task. */
const PAIRS = { dev: 16, test: 12 };

/** Which draw of a seed and a shape passes, once that has been measured. */
const PASSED = new Map<string, number>();

/**
 * Makes a planted model. The seed decides its shape, its size (one to three layers, two to four heads), where in it the
 * circuit lies, and the decoys. Every model has RMSNorm, attention sinks, and AbsTopK at all eight sites of a layer.
 * That it can do its task, and needs all of its circuit for it, is measured; where not, it is drawn again.
 *
 * @param seed a whole number from 0 to 2³² − 1
 * @throws InputError for another seed
 */
export async function plantedModel(seed: number, shape?: CircuitShapeName): Promise<PlantedModel> {
  await useBackend("wasm");
  const names = Object.keys(CIRCUIT_SHAPES) as CircuitShapeName[];
  const chosen = shape ?? names[seed % names.length]!;
  const key = `${chosen} ${seed}`;
  for (let draw = PASSED.get(key) ?? 0; ; draw++) {
    const random = randomStream(checkedSeed(seed), `pruner-testkit/planted-model/${draw}`);
    const planted = plant(`planted ${key}`, chosen, random);
    if (PASSED.has(key) || (await isNeeded(planted))) {
      PASSED.set(key, draw);
      return planted;
    }
    disposeModel(planted.model);
  }
}

function plant(name: string, shape: CircuitShapeName, random: RandomStream): PlantedModel {
  const planting = new Planting(drawConfig(random), random);
  CIRCUIT_SHAPES[shape].plant(planting);
  const examples = shapeExamples(CIRCUIT_SHAPES[shape], PAIRS, (below) => random.integer(below));
  const hash = sha256().update(formatConfig(planting.config));
  for (const part of planting.bytes()) hash.update(part);
  const model: Model = {
    config: planting.config,
    parameters: planting.freeze(),
    means: new Map(),
    tokenizer: undefined,
    hash: hash.hex(),
  };
  return {
    model: withMeans(model, examples),
    task: { ...SHAPE_TASK, name, examples, hash: sha256().update(JSON.stringify(examples)).hex() },
    shape,
    about: CIRCUIT_SHAPES[shape].about,
    nodes: planting.nodes.sort(inForwardOrder),
    edges: planting.edges,
  };
}

/** Whether the model and its circuit do well, and the circuit without any node or edge does not. */
function isNeeded({ model, task, nodes, edges }: PlantedModel): Promise<boolean> {
  return look({ model, task, target: PLANTED_TARGET }, ({ graph, loss }) => {
    const ofNodes = (some: readonly NodeId[]) => loss(nodeMask(graph, amongNodes(graph, some)));
    const ofEdges = (some: readonly NodeFileEdge[]) => loss(edgeMask(amongEdges(graph, some)));
    const whole = loss(new Float32Array(graph.edgeCount).fill(1));
    return (
      [whole, ofNodes(nodes), ofEdges(edges)].every((loss) => loss <= AT_MOST) &&
      nodes.every((node) => ofNodes(nodes.filter((other) => other !== node)) >= AT_LEAST) &&
      edges.every((edge) => ofEdges(edges.filter((other) => other !== edge)) >= AT_LEAST)
    );
  });
}

function inForwardOrder(one: NodeId, other: NodeId): number {
  const [a, b] = [parseNodeId(one), parseNodeId(other)];
  return compareSites(a.site, b.site) || a.channel - b.channel;
}

function drawConfig(random: RandomStream): ModelConfig {
  return {
    nLayer: 1 + random.integer(3),
    nHead: 2 + random.integer(3),
    dHead: 4,
    dModel: 20 + 4 * random.integer(4),
    dMlp: 24 + 8 * random.integer(3),
    vocabSize: VOCABULARY_SIZE,
    outSize: VOCABULARY_SIZE,
    blockSize: 24,
    bias: true,
    norm: "rms",
    lnBias: true,
    causal: true,
    activation: "gelu",
    residualActivation: "identity",
    afrac: 0.5,
    afracLoctypes: SUBLAYER_LOCTYPES,
    sink: true,
    bigram: false,
    tiedUnembed: false,
    positions: "none",
    dPos: 0,
  };
}
