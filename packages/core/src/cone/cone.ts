import * as tf from "@tensorflow/tfjs-core";
import type { LayerSiteKind } from "@filigree/sites";
import type { Fills, NodeMask } from "../ablation.ts";
import type { ModelConfig } from "../config.ts";
import { checkTokens, unembed, type TokenBatch } from "../forward.ts";
import type { Parameters } from "../parameters.ts";
import { AttentionCone } from "./attention-cone.ts";
import { circuitSite, type CircuitSite } from "./circuit-nodes.ts";
import type { ConeMemory, ConePrefix } from "./cone-memory.ts";
import type { WeightReader } from "./cut-weights.ts";
import type { Channels } from "./linear-rows.ts";
import { MlpCone } from "./mlp-cone.ts";
import { Backdrop, ResidualStream } from "./residual-stream.ts";
import { SublayerRead, type ReadPlace } from "./sublayer-read.ts";

/** A sublayer: what it writes, and the part of it that the circuit's writes depend on, if it has any. */
interface Sublayer extends ReadPlace {
  /** All its sites, `out` among them. */
  readonly sites: readonly CircuitSite[];
  readonly out: CircuitSite;
  readonly cone: SublayerCone | undefined;
}

interface SublayerCone {
  /** Channels of the entrance that are read. */
  readonly reads: readonly number[];
  readonly cost: number;
  /** What the circuit writes, by channel of the residual stream. */
  run(actIn: Channels, batch: number, seq: number): Channels;
}

interface PlacedSublayer extends Sublayer {
  readonly entrance: SublayerRead | undefined;
  /** [d]: the backdrop that the sublayer reads. */
  readonly before: Float32Array;
  readonly prefix: ConePrefix;
}

const NOTHING: Channels = new Map();

/** Tokens that are run at once, which bounds the memory of a run. */
const TOKENS_AT_ONCE = 16_384;
/** Where positions are added every token is a kind of its own, with a value for every channel: so many at once. */
const VALUES_AT_ONCE = 4_000_000;

/** A circuit made ready to run. */
export class Cone {
  readonly #config: ModelConfig;
  readonly #parameters: Parameters;
  readonly #weights: WeightReader;
  readonly #memory: ConeMemory;
  readonly #sublayers: readonly PlacedSublayer[];
  /** The end of the stream where neither an embedding nor the circuit writes, [d]. */
  readonly #backdrop: Float32Array;

  /** @param memory of circuits of these weights */
  constructor(
    config: ModelConfig,
    parameters: Parameters,
    weights: WeightReader,
    { mask, fills }: { readonly mask: NodeMask; readonly fills: Fills },
    memory: ConeMemory,
  ) {
    this.#config = config;
    this.#parameters = parameters;
    this.#weights = weights;
    this.#memory = memory;
    const sublayers = Array.from({ length: config.nLayer }, (_, i) =>
      sublayersOf(config, weights, mask, fills, i),
    ).flat();
    const backdrop = new Backdrop(config);
    const written = new Set<number>();
    let prefix = memory.start(fills);
    this.#sublayers = sublayers.map((sublayer) => {
      const before = backdrop.values.slice();
      const { sites, out, cone } = sublayer;
      prefix = memory.with(prefix, sites);
      const entrance =
        cone && cone.reads.length > 0
          ? new SublayerRead(config, weights, sublayer, cone.reads, written, before)
          : undefined;
      for (const channel of out.channels) written.add(channel);
      backdrop.add(out);
      return { ...sublayer, entrance, before, prefix };
    });
    this.#backdrop = backdrop.values;
  }

  /** Comparisons of magnitudes that a token takes at most: what a large circuit spends its time on. */
  get cost(): number {
    return this.#sublayers.reduce((sum, { entrance, cone }) => sum + (entrance?.cost ?? 0) + (cone?.cost ?? 0), 0);
  }

  /** The logits of a batch, [o, readout]; the caller disposes them. */
  logits(tokens: TokenBatch, readout: Int32Array | undefined): tf.Tensor2D {
    checkTokens(this.#config, tokens, readout);
    const { ids, batch, seq } = tokens;
    const { dModel, positions } = this.#config;
    const known = this.#memory.batch(tokens);
    const columns = readout ?? Int32Array.from(ids.keys());
    const end = new Float32Array(dModel * columns.length);
    this.#backdrop.forEach((value, c) => end.fill(value, c * columns.length, (c + 1) * columns.length));
    const atOnce = positions === "added" ? Math.min(TOKENS_AT_ONCE, VALUES_AT_ONCE / dModel) : TOKENS_AT_ONCE;
    const sequences = Math.max(1, Math.floor(atOnce / seq));
    for (let first = 0; first < batch; first += sequences) {
      const count = Math.min(sequences, batch - first);
      const part = { ids: ids.subarray(first * seq, (first + count) * seq), batch: count, seq };
      const stream = this.#run(part, (prefix, make) => this.#memory.writes(prefix, known, first, make));
      columns.forEach((token, j) => {
        const local = token - first * seq;
        if (local >= 0 && local < part.ids.length) stream.copyToken(local, end, j, columns.length);
      });
    }
    return tf.tidy(() => {
      const x = tf.tensor2d(end, [dModel, columns.length]);
      return unembed(
        this.#config,
        this.#parameters,
        x,
        columns.map((column) => ids[column]!),
      );
    });
  }

  #run(tokens: TokenBatch, remembered: (prefix: ConePrefix, make: () => Channels) => Channels): ResidualStream {
    const stream = new ResidualStream(this.#config, this.#weights, tokens);
    for (const { out, entrance, cone, before, prefix } of this.#sublayers) {
      const run = (cone: SublayerCone) => cone.run(entrance?.read(stream) ?? NOTHING, tokens.batch, tokens.seq);
      stream.add(out, cone ? remembered(prefix, () => run(cone)) : NOTHING, before);
    }
    return stream;
  }
}

/** Attention and MLP of a layer. A sublayer in which the circuit writes nothing has no cone. */
function sublayersOf(
  config: ModelConfig,
  weights: WeightReader,
  mask: NodeMask,
  fills: Fills,
  layer: number,
): Sublayer[] {
  const h = `transformer.h.${layer}`;
  const site = (kind: LayerSiteKind) => circuitSite(config, mask, fills, layer, kind);
  const attention = {
    actIn: site("attn.act_in"),
    q: site("attn.q"),
    k: site("attn.k"),
    v: site("attn.v"),
    out: site("attn.resid_delta"),
  };
  const mlp = { actIn: site("mlp.act_in"), postAct: site("mlp.post_act"), out: site("mlp.resid_delta") };
  return [
    {
      sites: Object.values(attention),
      out: attention.out,
      norm: `${h}.ln_1`,
      positionNorm: `${h}.ln_p1`,
      place: "attn_in",
      cone: attention.out.channels.length > 0 ? new AttentionCone(config, weights, layer, attention) : undefined,
    },
    {
      sites: Object.values(mlp),
      out: mlp.out,
      norm: `${h}.ln_2`,
      positionNorm: `${h}.ln_p2`,
      place: "mlp_in",
      cone: mlp.out.channels.length > 0 ? new MlpCone(config, weights, layer, mlp) : undefined,
    },
  ];
}
