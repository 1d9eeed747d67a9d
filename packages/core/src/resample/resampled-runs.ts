/**
 * A circuit among donors: every node that a circuit leaves out shows what it shows in another run, at every token
 * (resample ablation; Chan et al. 2022). References and donors have equal lengths, so that each token has its own.
 *
 * The pass of `forward` with `replaceChannels` computes all nodes and then overwrites almost all of them. Here only the
 * circuit's own nodes are computed, and only where something that they read differs from what the donor shows:
 *
 * 1. The residual stream is the reference's embedding plus what the sublayers write: the donors' writes, but for the
 *    circuit's nodes. The streams without any circuit are computed once; per circuit the channels that it writes
 *    (donor-streams.ts).
 * 2. At a sublayer's entrance the sum of squares is that of the stream without circuit, corrected for the channels that
 *    the circuit wrote (entrance.ts).
 * 3. W · x + b is what it was for the donors but for the rows that the circuit's nodes feed. They are few, as the weights
 *    are sparse (changed-rows.ts).
 *    An edge that is cut is an input that shows what the donors' does, for its row alone.
 * 4. Whether AbsTopK keeps a node depends on all rows: it is ranked among those that changed and the donors' others
 *    (selected-rows.ts, ranks.ts).
 * 5. Attention runs in the heads alone where q, k or v show something else, for the rows that see it
 *    (donor-attention.ts).
 *
 * What rounds differently: sums are added in another order, so that logits agree with the whole pass to about 1e-6 of
 * their scale, as those of two backends do. A circuit without nodes gives the bits of the whole pass. Each sequence is
 * computed from its own numbers alone, so that results do not depend on how sequences are batched.
 *
 * Where the argument fails, the whole pass is run: `runsWhole` decides.
 */
import * as tf from "@tensorflow/tfjs-core";
import { siteAt, type LayerSiteKind, type SiteName } from "@filigree/sites";
import { nodeSites, type NodeMask } from "../ablation.ts";
import { countNodes } from "../cone/circuit-nodes.ts";
import { HostWeights } from "../cone/host-weights.ts";
import type { Channels } from "../cone/linear-rows.ts";
import { CONNECTIONS } from "../connections.ts";
import { selectedChannels, siteWidth, type Loctype, type ModelConfig } from "../config.ts";
import { checkTokens, embedTokens, layerSteps, unembed, type NormScales, type TokenBatch } from "../forward.ts";
import { replaceChannels } from "../interventions.ts";
import { runModel, type Model } from "../model.ts";
import { changedRows } from "./changed-rows.ts";
import { someColumns, tokenColumns, type Columns } from "./columns.ts";
import { DonorAttention } from "./donor-attention.ts";
import { DonorStreams } from "./donor-streams.ts";
import { DonorValues } from "./donor-values.ts";
import { donatedProjection, type EdgeCuts } from "./edge-cuts.ts";
import { Entrance } from "./entrance.ts";
import { productsOf, type Product } from "./products.ts";
import { selectedRows } from "./selected-rows.ts";

/** References with a donor each. */
export interface ResampleBatch {
  readonly references: TokenBatch;
  /** Token ids of the donors, in the references' places. */
  readonly donors: Int32Array;
  /** Which token columns' logits are wanted. */
  readonly readout: Int32Array;
  /** Holds norms at scales that a column alone decides, whatever the circuit is. Live, where left out. */
  readonly norms?: NormScales | undefined;
}

/** A batch of references with their donors, ready for any circuit. It owns no tensors. */
export interface ResampledRuns {
  /** Bytes that it keeps. */
  readonly bytes: number;
  /**
   * The logits [outputs, readout] with the mask's nodes computed and all others as the donors show them; the caller
   * disposes them. Sites that the mask does not name are kept whole.
   *
   * @param cuts edges that carry what their sources show in the donors' run; none, where left out
   */
  logits(keep: NodeMask, cuts?: EdgeCuts): tf.Tensor2D;
}

/**
 * Reads a model's weights once and runs donors for circuits: `circuitResampler(model)(batch)`. The model must outlive
 * what comes of it. The function that is returned throws a RangeError as `forward` does, and where there are not as many
 * donors' ids as references'.
 */
export function circuitResampler(model: Model): (batch: ResampleBatch) => ResampledRuns {
  const weights = new HostWeights(model.config, model.parameters);
  const productOf = productsOf(weights);
  return (batch) => {
    const { references, donors, readout } = batch;
    checkTokens(model.config, references, readout);
    if (donors.length !== references.ids.length) {
      throw new RangeError(`${donors.length} token ids of donors for ${references.ids.length} of references.`);
    }
    return new Runs(model, weights, productOf, batch);
  };
}

type SublayerKind = "attn" | "mlp";

const NOTHING: Channels = new Map();

/** A circuit as a layer sees it. */
interface CircuitPart {
  /** Its nodes at a site of the layer. */
  readonly nodes: (site: LayerSiteKind) => readonly number[];
  readonly cuts: EdgeCuts;
}

class Runs implements ResampledRuns {
  readonly #model: Model;
  readonly #weights: HostWeights;
  readonly #productOf: ReturnType<typeof productsOf>;
  readonly #batch: ResampleBatch;
  readonly #donors: DonorValues;
  readonly #tokens: Columns;
  readonly #read: Columns;
  readonly #held = new Map<string, Float32Array>();
  readonly #entrances = new Map<string, Entrance>();
  readonly #attentions = new Map<number, DonorAttention>();
  #streams: DonorStreams | undefined;
  #lastMixes: Float32Array | undefined;

  constructor(model: Model, weights: HostWeights, productOf: ReturnType<typeof productsOf>, batch: ResampleBatch) {
    const { references, donors, readout } = batch;
    this.#model = model;
    this.#weights = weights;
    this.#productOf = productOf;
    this.#batch = batch;
    this.#donors = new DonorValues(model, { ...references, ids: donors }, readout);
    this.#tokens = tokenColumns(references, readout, model.config.causal);
    this.#read = { count: readout.length, used: Int32Array.from(readout.keys()) };
  }

  get bytes(): number {
    const parts = [this.#donors, this.#streams, ...this.#entrances.values(), ...this.#attentions.values()];
    return parts.reduce((sum, part) => sum + (part?.bytes ?? 0), 0);
  }

  logits(keep: NodeMask, cuts: EdgeCuts = new Map()): tf.Tensor2D {
    const { config } = this.#model;
    if (runsWhole(config, keep)) return this.#whole(keep, cuts);
    return this.#circuit(new Map(nodeSites(config).map((site) => [site, keptChannels(config, keep, site)])), cuts);
  }

  /** The scales that norms are held at: those of a norm are asked for once. */
  readonly #norms: NormScales = (name, x) => {
    let scales = this.#held.get(name);
    if (!scales) {
      const given = this.#batch.norms?.(name, x);
      if (!given) return undefined;
      this.#held.set(name, (scales = given.dataSync<"float32">().slice()));
    }
    return tf.tensor1d(scales);
  };

  #whole(keep: NodeMask, cuts: EdgeCuts): tf.Tensor2D {
    const { references, readout } = this.#batch;
    const edit = replaceChannels(keep, this.#donors.sites);
    const options = { edit, readout, narrow: true, norms: this.#norms };
    if (cuts.size === 0) return runModel(this.#model, references, options);
    const inputs = (matrix: string) => this.#inputs(matrix);
    const projection = donatedProjection(this.#weights, this.#model.parameters, cuts, inputs);
    try {
      return runModel(this.#model, references, { ...options, project: projection.project });
    } finally {
      projection.dispose();
    }
  }

  /** What a matrix multiplies in the donors' run, at the columns that go on there. */
  #inputs(matrix: string): Float32Array {
    const [, index, part] = /^transformer\.h\.(\d+)\.(.*)$/u.exec(matrix)!;
    const layer = Number(index);
    const { reads } = CONNECTIONS.find(({ matrix }) => matrix === part)!;
    return reads === "attn.y" ? this.#mixes(layer) : this.#donors.site(layer, reads);
  }

  #circuit(circuit: ReadonlyMap<SiteName, readonly number[]>, cuts: EdgeCuts): tf.Tensor2D {
    const { config, parameters } = this.#model;
    const { references, readout } = this.#batch;
    const streams = (this.#streams ??= this.#withoutCircuit());
    let written = NOTHING;
    for (let sublayer = 0; sublayer < 2 * config.nLayer; sublayer++) {
      const layer = sublayer >> 1;
      const kind = sublayer % 2 === 0 ? "attn" : "mlp";
      const part = { nodes: (site: LayerSiteKind) => circuit.get(siteAt(layer, site))!, cuts };
      const writesNothing = part.nodes(`${kind}.resid_delta`).length === 0;
      const writes = writesNothing ? NOTHING : this.#sublayer(layer, kind, streams, written, part);
      written = streams.advance(sublayer, written, writes);
    }
    const end = streams.before.at(-1)!.slice();
    for (const [channel, values] of written) end.set(values, channel * readout.length);
    return tf.tidy(() => {
      const x = tf.tensor2d(end, [config.dModel, readout.length]);
      const ids = readout.map((column) => references.ids[column]!);
      return unembed(config, parameters, x, ids, this.#norms);
    });
  }

  /** The circuit's nodes among a sublayer's outputs that differ from the donors'. */
  #sublayer(layer: number, kind: SublayerKind, streams: DonorStreams, written: Channels, part: CircuitPart): Channels {
    const wanted = part.nodes(`${kind}.act_in`);
    if (wanted.length === 0) return NOTHING;
    const entered = this.#entrance(layer, kind, streams).read(written, wanted);
    const inner = kind === "attn" ? this.#attend(layer, entered, part) : this.#fire(layer, entered, part);
    const columns = this.#columnsBehind(layer);
    const donated = kind === "attn" ? this.#mixes(layer) : this.#donors.site(layer, "mlp.post_act");
    return this.#project(layer, kind === "attn" ? "attn.c_proj" : "mlp.c_proj", {
      first: 0,
      place: `${kind}_out`,
      site: `${kind}.resid_delta`,
      inputs: inner,
      donated,
      columns,
      part,
    });
  }

  /** The wanted nodes of a product that differ from the donors'. */
  #project(
    layer: number,
    matrix: string,
    step: {
      /** The first row of the block. */
      readonly first: number;
      readonly place: Loctype;
      readonly site: LayerSiteKind;
      readonly inputs: Channels;
      readonly donated: Float32Array;
      readonly columns: Columns;
      readonly part: CircuitPart;
    },
  ): Channels {
    const { first, place, site, inputs, donated, columns, part } = step;
    const wanted = part.nodes(site);
    if (wanted.length === 0 || inputs.size === 0) return NOTHING;
    const { config } = this.#model;
    const count = siteWidth(config, siteAt(layer, site));
    const name = `transformer.h.${layer}.${matrix}`;
    const product = this.#productOf(name, { first, count });
    const k = selectedChannels(config, place, count);
    if (!isFed(product, inputs, k === count ? wanted : undefined)) return NOTHING;
    const sums = this.#donors.sums(product, donated);
    const rows = changedRows(product, inputs, donated, sums, columns, wanted, k < count, part.cuts.get(name));
    const behind = this.#donors.site(layer, site);
    if (site !== "mlp.post_act") return selectedRows(rows, sums, behind, columns, wanted, k);
    const fired = { ...rows, values: this.#donors.activated(rows.values) };
    return selectedRows(fired, this.#donors.neurons(product, sums), behind, columns, wanted, k);
  }

  #entrance(layer: number, kind: SublayerKind, streams: DonorStreams): Entrance {
    const { config, parameters } = this.#model;
    const norm = `transformer.h.${layer}.${kind === "attn" ? "ln_1" : "ln_2"}`;
    let entrance = this.#entrances.get(norm);
    if (!entrance) {
      const stream = streams.before[2 * layer + Number(kind === "mlp")]!;
      const columns = kind === "attn" ? this.#tokens : this.#columnsBehind(layer);
      const read = tf.tidy(() => {
        const steps = layerSteps(config, parameters, { norms: this.#norms });
        const x = tf.tensor2d(stream, [config.dModel, columns.count]);
        return kind === "attn" ? steps.attentionInput(layer, x) : steps.mlpInput(layer, x);
      });
      const gain = config.norm === "none" ? undefined : this.#weights.vector(`${norm}.weight`);
      const k = selectedChannels(config, `${kind}_in`, config.dModel);
      const settings = { gain, held: this.#held.get(norm), k };
      entrance = new Entrance(settings, stream, read.dataSync<"float32">().slice(), columns);
      read.dispose();
      this.#entrances.set(norm, entrance);
    }
    return entrance;
  }

  /** The channels of heads' mixes that may differ from the donors', at the columns that go on. */
  #attend(layer: number, entered: Channels, part: CircuitPart): Channels {
    const { nHead, dHead } = this.#model.config;
    const [q, k, v] = (["q", "k", "v"] as const).map((third, index) =>
      this.#project(layer, "attn.c_attn", {
        first: index * nHead * dHead,
        place: `attn_${third}`,
        site: `attn.${third}`,
        inputs: entered,
        donated: this.#donors.site(layer, "attn.act_in"),
        columns: this.#tokens,
        part,
      }),
    ) as [Channels, Channels, Channels];
    return this.#attention(layer).mixes({ q, k, v });
  }

  #attention(layer: number): DonorAttention {
    const { config } = this.#model;
    let attention = this.#attentions.get(layer);
    if (!attention) {
      const { references, readout } = this.#batch;
      const last = this.#isLast(layer);
      const site = (kind: LayerSiteKind) => this.#donors.site(layer, kind);
      const donors = { q: site("attn.q"), k: site("attn.k"), v: site("attn.v"), y: this.#mixes(layer) };
      const queries = last ? readout : Int32Array.from(references.ids.keys());
      const sinks = this.#weights.vector(`transformer.h.${layer}.attn.attn_imp.sink_logit`);
      const out = this.#columnsBehind(layer);
      attention = new DonorAttention(config, references, donors, out, queries, sinks);
      this.#attentions.set(layer, attention);
    }
    return attention;
  }

  /** The neurons that differ from the donors'. */
  #fire(layer: number, entered: Channels, part: CircuitPart): Channels {
    return this.#project(layer, "mlp.c_fc", {
      first: 0,
      place: "mlp_neuron",
      site: "mlp.post_act",
      inputs: entered,
      donated: this.#donors.site(layer, "mlp.act_in"),
      columns: this.#columnsBehind(layer),
      part,
    });
  }

  #isLast(layer: number): boolean {
    return layer === this.#model.config.nLayer - 1;
  }

  /** The columns that go on behind the attention of a layer. */
  #columnsBehind(layer: number): Columns {
    return this.#isLast(layer) ? this.#read : this.#tokens;
  }

  /** What heads mixed for the donors, at the columns that go on. */
  #mixes(layer: number): Float32Array {
    const mixes = this.#donors.site(layer, "attn.y");
    if (!this.#isLast(layer)) return mixes;
    return (this.#lastMixes ??= someColumns(mixes, this.#tokens.count, this.#batch.readout));
  }

  #withoutCircuit(): DonorStreams {
    const { config, parameters } = this.#model;
    const { references, readout } = this.#batch;
    const embedding = tf.tidy(() => embedTokens(config, parameters, references));
    const values = embedding.dataSync<"float32">().slice();
    embedding.dispose();
    const writes = Array.from({ length: 2 * config.nLayer }, (_, sublayer) => ({
      output: this.#donors.site(sublayer >> 1, sublayer % 2 === 0 ? "attn.resid_delta" : "mlp.resid_delta"),
      chosen: sublayer === 2 * config.nLayer - 2 ? readout : undefined,
    }));
    return new DonorStreams(config, values, writes);
  }
}

/** Circuits of so many nodes are run on their own in a model of any size; in a large one, a twenty-fifth of all nodes. */
const FEW = 200;

/** Where the donors' stream cannot be corrected channel by channel, or where that would take longer than the pass. */
function runsWhole(config: ModelConfig, keep: NodeMask): boolean {
  // AbsTopK on the stream lets one channel switch any other on and off, and the mean of layer norm moves them all.
  const selectsOfStream = (["resid_post_attn", "resid_post_mlp"] as const).some(
    (place) => selectedChannels(config, place, config.dModel) < config.dModel,
  );
  const sites = new Set(nodeSites(config));
  const isOfNodes = [...keep.keys()].every((site) => sites.has(site));
  const { all, kept } = countNodes(config, keep);
  const isLarge = kept > Math.max(FEW, all / 25); // measured
  return selectsOfStream || config.norm === "layer" || config.dPos > 0 || !isOfNodes || isLarge;
}

/** Whether inputs feed any of some rows; any at all, where left out. */
function isFed({ rows, columns }: Product, inputs: Channels, some: readonly number[] | undefined): boolean {
  if (!some) return [...inputs.keys()].some((input) => columns.starts[input]! < columns.starts[input + 1]!);
  return some.some((row) =>
    rows.columns.subarray(rows.rowStarts[row], rows.rowStarts[row + 1]).some((c) => inputs.has(c)),
  );
}

function keptChannels(config: ModelConfig, keep: NodeMask, site: SiteName): number[] {
  const gates = keep.get(site);
  const kept: number[] = [];
  const width = siteWidth(config, site);
  for (let c = 0; c < width; c++) if (!gates || gates[c] !== 0) kept.push(c);
  return kept;
}
