import {
  freezeParameters,
  listParameters,
  SUBLAYER_LOCTYPES,
  randomStream,
  seed,
  useBackend,
  type Model,
  type ModelConfig,
  type NodeId,
  type RandomStream,
} from "@filigree/core";
import type { Example, Task } from "@filigree/tasks";
import { withMeans } from "./corpus-means.ts";

// A model that closes a quote in a way that is known, among weights that do nothing for the task. Two layers of three
// heads, RMSNorm, AbsTopK at all eight sites, sinks.
//
// Tokens 0 and 1 are the openers, 2 to 11 fill, 12 ends the prompt; 13 and 14 are the answers.
// Residual channels: 0 the quote's type (±), 1 "a quote opens here", 2 "the prompt ends here", 3 the answer.
// In layer 0 head 1 looks from the end (query 2) to the opener (key 1) and moves the type (value 0) to channel 3.

const [HEADS, D_HEAD, D_MODEL] = [3, 4, 24];
const [TYPE, OPENER, END, ANSWER] = [0, 1, 2, 3];
const LAST_TOKEN = 12;
const ANSWERS = [13, 14] as const;

export const PLANTED_CONFIG: ModelConfig = {
  nLayer: 2,
  nHead: HEADS,
  dHead: D_HEAD,
  dModel: D_MODEL,
  dMlp: 32,
  vocabSize: 15,
  outSize: 15,
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

/** Channels of head 1 that carry the planted query, key and value. A query meets the key of its own channel only. */
const [Q, K, V] = [D_HEAD, D_HEAD, D_HEAD + 3];

/** The circuit that was planted. */
export const PLANTED_NODES = [
  `0.attn.act_in.${TYPE}`,
  `0.attn.act_in.${OPENER}`,
  `0.attn.act_in.${END}`,
  `0.attn.q.${Q}`,
  `0.attn.k.${K}`,
  `0.attn.v.${V}`,
  `0.attn.resid_delta.${ANSWER}`,
] as NodeId[];

/**
 * The part of it that a loss of 0.15 nats needs. The end of the prompt always looks alike, so the query at its mean
 * still finds the opener.
 */
export const PLANTED_NEEDED = PLANTED_NODES.filter((node) => !/\.q\.|act_in\.2$/u.test(node));

/** A planted model with the means of its own prompts. Its parameters are tensors: dispose it. */
export async function plantedModel(): Promise<Model> {
  await useBackend("wasm");
  const config = PLANTED_CONFIG;
  const random = randomStream(seed(7), "planted-model");
  const values = new Map(
    listParameters(config).map(({ name, shape, role }) => {
      const size = shape.reduce((a, b) => a * b, 1);
      const data = new Float32Array(size);
      if (role === "gain") data.fill(1);
      if (role === "block") fill(data, random, 0.2, 0.25);
      if (role === "embedding") fill(data, random, 1, 0.6);
      return [name, data];
    }),
  );
  const set = (name: string, row: number, col: number, cols: number, value: number) =>
    (values.get(name)![row * cols + col] = value);
  const a = HEADS * D_HEAD;
  for (let token = 0; token < config.vocabSize; token++) {
    for (const channel of [TYPE, OPENER, END, ANSWER]) set("transformer.wte.weight", token, channel, D_MODEL, 0);
  }
  for (const [token, sign] of [
    [0, 1],
    [1, -1],
  ] as const) {
    set("transformer.wte.weight", token, TYPE, D_MODEL, 3 * sign);
    set("transformer.wte.weight", token, OPENER, D_MODEL, 3);
  }
  set("transformer.wte.weight", LAST_TOKEN, END, D_MODEL, 3);
  const reads = values.get("transformer.h.0.attn.c_attn.weight")!;
  for (const row of [Q, a + K, 2 * a + V]) reads.fill(0, row * D_MODEL, (row + 1) * D_MODEL);
  set("transformer.h.0.attn.c_attn.weight", Q, END, D_MODEL, 4);
  set("transformer.h.0.attn.c_attn.weight", a + K, OPENER, D_MODEL, 4);
  set("transformer.h.0.attn.c_attn.weight", 2 * a + V, TYPE, D_MODEL, 3);
  for (const matrix of ["attn.c_proj", "mlp.c_proj"]) {
    for (let layer = 0; layer < config.nLayer; layer++) {
      const weight = values.get(`transformer.h.${layer}.${matrix}.weight`)!;
      const cols = weight.length / D_MODEL;
      weight.fill(0, ANSWER * cols, (ANSWER + 1) * cols);
    }
  }
  set("transformer.h.0.attn.c_proj.weight", ANSWER, V, a, 3);
  fill(values.get("lm_head.weight")!, random, 0.3, 0.3);
  for (let channel = 0; channel < D_MODEL; channel++) {
    for (const answer of ANSWERS) set("lm_head.weight", answer, channel, D_MODEL, 0);
  }
  set("lm_head.weight", ANSWERS[0], ANSWER, D_MODEL, 0.4);
  set("lm_head.weight", ANSWERS[1], ANSWER, D_MODEL, -0.4);
  const model: Model = {
    config,
    parameters: freezeParameters(config, values),
    means: new Map(),
    tokenizer: undefined,
    hash: "0".repeat(64),
  };
  return withMeans(model, plantedTask().examples);
}

/** The planted task: 40 pairs to find the circuit on and 20 to measure it. */
export function plantedTask(): Task {
  const random = randomStream(seed(11), "planted-task");
  const examples: Example[] = [];
  for (let pair = 0; pair < 60; pair++) {
    const before = filler(random, 1 + random.integer(3));
    const body = filler(random, 4 + random.integer(6));
    for (const opener of [0, 1]) {
      const ids = [...before, opener, ...body, LAST_TOKEN];
      examples.push({
        ids,
        answer: ANSWERS[opener]!,
        foil: ANSWERS[1 - opener]!,
        position: ids.length - 1,
        features: { "quote type": opener === 0 ? "double" : "single" },
        positions: { opener: before.length, last: ids.length - 1 },
        pair: 2 * pair + 1 - opener,
        template: `t${pair}`,
        split: pair < 40 ? "dev" : "test",
      });
    }
  }
  return {
    name: "planted",
    answers: [...ANSWERS],
    numeric: false,
    features: [{ name: "quote type", nuisance: false, anchor: "opener" }],
    positionNames: ["opener", "last"],
    examples,
    hash: "1".repeat(64),
  };
}

function filler(random: RandomStream, count: number): number[] {
  return Array.from({ length: count }, () => 2 + random.integer(10));
}

/** Normal values of that deviation at a share of the places. */
function fill(data: Float32Array, random: RandomStream, deviation: number, share: number): void {
  for (let i = 0; i < data.length; i++) data[i] = random.uniform() < share ? deviation * random.normal() : 0;
}
