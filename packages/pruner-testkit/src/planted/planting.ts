import {
  freezeParameters,
  listParameters,
  nodeId,
  siteAt,
  type LayerSiteKind,
  type ModelConfig,
  type NodeFileEdge,
  type NodeId,
  type Parameters,
  type RandomStream,
} from "@filigree/core";

/** Share of the weights that are decoys, and their standard deviation. */
const [DECOY_SHARE, DECOY_DEVIATION] = [0.25, 0.3];

/** By how much decoys are weaker where they would drown the circuit: at what its nodes read, and where it writes. */
const QUIET = 0.25;

/** What decoys of the unembedding are for the answers. */
const ANSWER_QUIET = 0.1;

/** The matrix and the row, in units of heads · dHead, that an edge into a site is stored in. */
const MATRICES: Partial<Record<LayerSiteKind, readonly [from: LayerSiteKind, matrix: string, block: number]>> = {
  "attn.q": ["attn.act_in", "attn.c_attn", 0],
  "attn.k": ["attn.act_in", "attn.c_attn", 1],
  "attn.v": ["attn.act_in", "attn.c_attn", 2],
  "attn.resid_delta": ["attn.v", "attn.c_proj", 0],
  "mlp.post_act": ["mlp.act_in", "mlp.c_fc", 0],
  "mlp.resid_delta": ["mlp.post_act", "mlp.c_proj", 0],
};

/** A model full of decoys: weights that compute something, but nothing that the task needs. A circuit is put into it. */
export class Planting {
  readonly config: ModelConfig;
  readonly random: RandomStream;
  /** The edges of the circuit, in the order in which they were planted. */
  readonly edges: NodeFileEdge[] = [];
  readonly #values: ReadonlyMap<string, Float32Array>;
  readonly #free: number[];

  constructor(config: ModelConfig, random: RandomStream) {
    this.config = config;
    this.random = random;
    this.#free = random.shuffle(Array.from({ length: config.dModel }, (_, channel) => channel));
    const sparse = (data: Float32Array, deviation: number, share: number) =>
      data.map(() => (random.uniform() < share ? deviation * random.normal() : 0));
    this.#values = new Map(
      listParameters(config).map(({ name, shape, role }) => {
        const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
        if (role === "gain") return [name, data.fill(1)];
        if (role === "block") return [name, sparse(data, DECOY_DEVIATION, DECOY_SHARE)];
        if (role === "embedding") return [name, sparse(data, 1, 0.6)];
        return [name, role === "unembedding" ? sparse(data, 0.3, 0.3) : data];
      }),
    );
  }

  /** A channel of the residual stream for the circuit: no token shows anything there, and decoys hardly write to it. */
  takeChannel(): number {
    const channel = this.#free.pop()!;
    for (let token = 0; token < this.config.vocabSize; token++) this.show(token, channel, 0);
    for (let layer = 0; layer < this.config.nLayer; layer++) {
      for (const matrix of ["attn.c_proj", "mlp.c_proj"]) this.#quieten(`transformer.h.${layer}.${matrix}`, channel);
    }
    return channel;
  }

  /** What a token shows in a channel of the residual stream. */
  show(token: number, channel: number, value: number): void {
    this.#matrix("transformer.wte")[token * this.config.dModel + channel] = value;
  }

  /** How much a channel of the final residual stream speaks for the first answer and against the second. */
  answer([first, second]: readonly [number, number], channel: number, weight: number): void {
    const { dModel } = this.config;
    const unembedding = this.#matrix("lm_head");
    for (const token of [first, second]) {
      for (let c = 0; c < dModel; c++) unembedding[token * dModel + c]! *= ANSWER_QUIET;
    }
    unembedding[first * dModel + channel] = weight;
    unembedding[second * dModel + channel] = -weight;
  }

  /** Puts an edge of the circuit into a layer. */
  connect(layer: number, from: number, to: readonly [LayerSiteKind, number], weight: number): void {
    const [kind, channel] = to;
    const [source, name, block] = MATRICES[kind]!;
    const row = block * this.config.nHead * this.config.dHead + channel;
    const [matrix, cols] = [this.#matrix(`transformer.h.${layer}.${name}`), this.#columns(name)];
    const planted = this.edges.some((edge) => edge.to === nodeId(siteAt(layer, kind), channel));
    if (!planted && !kind.endsWith("resid_delta")) this.#quieten(`transformer.h.${layer}.${name}`, row);
    matrix[row * cols + from] = weight;
    const ends = { from: nodeId(siteAt(layer, source), from), to: nodeId(siteAt(layer, kind), channel) };
    this.edges.push({ ...ends, weight: Math.fround(weight) });
  }

  /** The bias of a neuron. */
  bias(layer: number, neuron: number, value: number): void {
    this.#values.get(`transformer.h.${layer}.mlp.c_fc.bias`)![neuron] = value;
  }

  /** The nodes of the circuit, in the order in which they were planted. */
  get nodes(): NodeId[] {
    return [...new Set(this.edges.flatMap(({ from, to }) => [from, to]))];
  }

  /** Its bytes, to tell it from others. */
  *bytes(): Iterable<Uint8Array> {
    for (const { buffer } of this.#values.values()) yield new Uint8Array(buffer);
  }

  /** The parameters on the backend; the caller frees them. */
  freeze(): Parameters {
    return freezeParameters(this.config, this.#values);
  }

  #matrix(name: string): Float32Array {
    return this.#values.get(`${name}.weight`)!;
  }

  #columns(name: string): number {
    const { dModel, dMlp, nHead, dHead } = this.config;
    return { "attn.c_proj": nHead * dHead, "mlp.c_proj": dMlp }[name] ?? dModel;
  }

  #quieten(name: string, row: number): void {
    const matrix = this.#matrix(name);
    const cols = this.#columns(name.split(".").slice(3).join("."));
    for (let i = row * cols; i < (row + 1) * cols; i++) matrix[i]! *= QUIET;
  }
}
