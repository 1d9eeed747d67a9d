import * as tf from "@tensorflow/tfjs-core";
import { parseSite, siteAt, type SiteName } from "@filigree/sites";
import { ablate, type Fills, type NodeMask } from "../ablation.ts";
import { areEqual } from "../equal-numbers.ts";
import type { ForwardStart, TokenBatch } from "../forward.ts";
import { runModel, type Model } from "../model.ts";
import type { Cuts, CutWeights } from "./cut-weights.ts";

/** What is ablated: nodes, and single edges. */
export interface Ablated {
  readonly mask: NodeMask;
  readonly fills: Fills;
  readonly cuts: Cuts;
  /** The weights with these cuts, where there are any. */
  readonly cut: CutWeights | undefined;
}

/** Numbers that are remembered at most: 256 MB. */
const MOST_REMEMBERED = 2 ** 26;

/** An attention or MLP, counted through the model from 0. */
type Sublayer = number;

/** Names what is ablated in all sublayers before some one. */
type Prefix = number;

/** What a sublayer reads of the residual stream, [d, ·]; on the host, so that nobody need free it. */
interface Read {
  readonly prefix: Prefix;
  readonly values: Float32Array | undefined;
}

/** What is known of a batch. */
interface Known {
  readonly ids: Int32Array;
  /** The last MLP sees the columns that are read alone. */
  readonly readout: Int32Array | undefined;
  readonly reads: Map<Sublayer, Read>;
}

/**
 * The whole model's pass with parts of it ablated, where the cone is not worth its while.
 *
 * A search from the outputs backwards (ACDC) tries one cut after the other in a late layer, and all that comes before
 * is the same each time. What each attention and each MLP reads of the residual stream is therefore remembered, per
 * batch, from the second time on that it is computed with the same ablations before it. After the last attention only
 * the columns that are read go on. Neither changes a bit of the result.
 */
export class WholePass {
  readonly #model: Model;
  #last: Ablated | undefined;
  /** For each sublayer the prefix that was asked for last. */
  #prefixes: Prefix[];
  #nextPrefix = 1;
  readonly #known = new WeakMap<TokenBatch, Known>();
  #remembered = 0;

  constructor(model: Model) {
    this.#model = model;
    this.#prefixes = Array.from({ length: 2 * model.config.nLayer }, () => 0);
  }

  /** The logits, [outputs, readout]; the caller disposes them. */
  logits(ablated: Ablated, tokens: TokenBatch, readout?: Int32Array): tf.Tensor2D {
    const { mask, fills, cut } = ablated;
    this.#turnTo(ablated);
    const reads = this.#readsOf(tokens, readout);
    const start = this.#startOf(reads);
    const wanted = this.#wantedOf(reads, this.#model.config.dModel * tokens.ids.length);
    const { edit, dispose } = ablate(mask, fills);
    const projection = cut?.projection(this.#model.parameters);
    try {
      return runModel(this.#model, tokens, {
        edit: (site, value) => {
          const shown = edit(site, value);
          wanted.get(site)?.(shown);
          return shown;
        },
        ...(readout && { readout, narrow: true }),
        ...(projection && { project: projection.project }),
        ...(start && { start }),
      });
    } finally {
      dispose();
      projection?.dispose();
      start?.value.dispose();
    }
  }

  /** Keeps the names of the prefixes in which nothing has changed. */
  #turnTo(ablated: Ablated): void {
    const last = this.#last;
    if (last === ablated) return;
    this.#last = ablated;
    const changed = last ? firstDifference(this.#model, last, ablated) : 0;
    this.#prefixes = this.#prefixes.map((prefix, sublayer) => {
      return sublayer <= changed ? prefix : this.#nextPrefix++;
    });
  }

  #readsOf(tokens: TokenBatch, readout: Int32Array | undefined): Map<Sublayer, Read> {
    const known = this.#known.get(tokens);
    if (known && areEqual(known.ids, tokens.ids) && areEqual(known.readout, readout)) return known.reads;
    for (const { values } of known?.reads.values() ?? []) this.#remembered -= values?.length ?? 0;
    const reads = new Map<Sublayer, Read>();
    this.#known.set(tokens, { ids: tokens.ids.slice(), readout: readout?.slice(), reads });
    return reads;
  }

  /** The last sublayer whose reading is known. */
  #startOf(reads: ReadonlyMap<Sublayer, Read>): ForwardStart | undefined {
    for (let sublayer = this.#prefixes.length - 1; sublayer > 0; sublayer--) {
      const read = reads.get(sublayer);
      if (read?.values === undefined || read.prefix !== this.#prefixes[sublayer]) continue;
      const { dModel } = this.#model.config;
      const { layer, at } = placeOf(sublayer);
      return { layer, at, value: tf.tensor2d(read.values, [dModel, read.values.length / dModel]) };
    }
    return undefined;
  }

  /** What to do with the sites that come for the second time with the same prefix. @param most numbers that one takes */
  #wantedOf(reads: Map<Sublayer, Read>, most: number): Map<SiteName, (value: tf.Tensor2D) => void> {
    const wanted = new Map<SiteName, (value: tf.Tensor2D) => void>();
    this.#prefixes.forEach((prefix, sublayer) => {
      const read = reads.get(sublayer);
      if (sublayer === 0 || (read?.prefix === prefix && read.values)) return;
      this.#remembered -= read?.values?.length ?? 0;
      reads.set(sublayer, { prefix, values: undefined });
      if (read?.prefix !== prefix || this.#remembered + most > MOST_REMEMBERED) return;
      wanted.set(placeOf(sublayer).site, (value) => {
        const values = value.dataSync<"float32">().slice();
        this.#remembered += values.length;
        reads.set(sublayer, { prefix, values });
      });
    });
    return wanted;
  }
}

/** The first sublayer in which two ablations differ; the number of sublayers where they are the same. */
function firstDifference({ config }: Model, a: Ablated, b: Ablated): Sublayer {
  if (a.fills !== b.fills) return 0;
  let first = 2 * config.nLayer;
  for (const site of new Set([...a.mask.keys(), ...b.mask.keys()])) {
    if (areEqual(a.mask.get(site), b.mask.get(site))) continue;
    const { layer, kind } = parseSite(site);
    if (layer === undefined || !/^(?:attn|mlp)\./u.test(kind)) return 0;
    first = Math.min(first, 2 * layer + Number(kind.startsWith("mlp.")));
  }
  for (const name of new Set([...a.cuts.keys(), ...b.cuts.keys()])) {
    const [one, other] = [a.cuts.get(name), b.cuts.get(name)];
    if (one?.fill === other?.fill && areEqual(one?.kept, other?.kept)) continue;
    const [, layer, kind] = /\.h\.(\d+)\.(attn|mlp)\./u.exec(name)!;
    first = Math.min(first, 2 * Number(layer) + Number(kind === "mlp"));
  }
  return first;
}

/** Where a sublayer reads the residual stream. */
function placeOf(sublayer: Sublayer) {
  const layer = sublayer >> 1;
  const at = sublayer % 2 === 0 ? ("resid_in" as const) : ("resid_mid" as const);
  return { site: siteAt(layer, at), layer, at };
}
