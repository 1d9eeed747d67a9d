/**
 * Runs that differ from known ones in what is written at a few places, without what stays as it was.
 *
 * A _row_ is one token of one run. At every site the rows that may differ from the known run are kept in a grid
 * (grid.ts); all others are as recorded. Each step of a layer is computed on the grid alone. So a pass begins by itself
 * at the first layer where something is written, and follows what was written from there:
 *
 * - Before the attention of a layer rows do not meet: only rows that differ are computed.
 * - Runs that begin alike have their first rows in common (shared-rows.ts).
 * - In attention a row differs where its query does, or a key or a value that it sees (attend-rows.ts).
 * - Behind the attention of the last layer nothing but the row that is read matters. In a causal model no row behind it
 *   ever does.
 *
 * The steps are those of `forward`, and each column of a kernel's result depends on its own column alone, so that the
 * logits equal those of a whole pass with the same writes to the bit, whatever runs are resumed together. This needs
 * the kernels of the wasm backend: the portable ones round otherwise from one batch to another.
 */
import * as tf from "@tensorflow/tfjs-core";
import { currentBackend, normScales, SparseMatrix } from "@filigree/kernels";
import { parseSite, siteAt, siteName, type LayerSiteKind, type SiteName } from "@filigree/sites";
import { layerSteps, normedSite, positionVectors, type NormScales } from "../forward.ts";
import type { Model } from "../model.ts";
import { attendRows, rowsToAttend, type LayerGrids } from "./attend-rows.ts";
import { overwriteColumns, RowSpace, type Grid } from "./grid.ts";
import { isBehindAttention } from "./known-runs.ts";
import type { OutputRows } from "./output-rows.ts";
import type { ResumedBatch, RowWrite } from "./resumed-batch.ts";

/** One token of one site of a resumed run. */
export interface RowRead {
  readonly run: number;
  readonly token: number;
}

export interface ResumeRequest {
  readonly batch: ResumedBatch;
  readonly reads?: ReadonlyMap<SiteName, readonly RowRead[]> | undefined;
  /** Norms keep the scales of the known runs. */
  readonly normsHeld?: boolean | undefined;
  readonly outputs: OutputRows;
}

export interface ResumedRuns {
  /** Of each run, the logits [outputs] at its read-out; undefined where nothing that was written can reach it. */
  readonly logits: readonly (Float32Array | undefined)[];
  /** What was asked for, column by column, in the order of the request. */
  readonly reads: ReadonlyMap<SiteName, readonly Float32Array[]>;
  /** The sites at which something was written: those that the pass met. */
  readonly met: ReadonlySet<SiteName>;
}

const NO_ROWS = new Int32Array(0);
const EMBED = siteName("embed");
const FINAL_RESID = siteName("final_resid");

type LayerSteps = ReturnType<typeof layerSteps>;

/** Whether runs of a model can be resumed: its weights are frozen, and its kernels are those of the wasm backend. */
export function canResume({ config, parameters }: Model): boolean {
  if (currentBackend() !== "wasm") return false;
  const frozen = (name: string) => parameters.weight(name) instanceof SparseMatrix;
  const layers = Array.from({ length: config.nLayer }, (_, i) => `transformer.h.${i}.attn.c_attn.weight`);
  return ["lm_head.weight", ...layers].every((name) => parameters.has(name) && frozen(name));
}

/** Resumes runs of the model; see above. It leaves no tensors. */
export function resumeRuns(model: Model, request: ResumeRequest): ResumedRuns {
  const resumption = new Resumption(model, request);
  return inScope(() => resumption.run());
}

/** Frees all tensors that the work makes. */
function inScope<T>(work: () => T): T {
  const found: T[] = [];
  tf.tidy(() => void found.push(work()));
  return found[0]!;
}

class Resumption {
  readonly #model: Model;
  readonly #request: ResumeRequest;
  readonly #space: RowSpace;
  readonly #reads = new Map<SiteName, Float32Array[]>();
  readonly #met = new Set<SiteName>();
  /** [runs]: the last token that can still matter. */
  readonly #limits: Int32Array;
  /** Rows that matter behind the last attention. */
  readonly #late: Uint8Array;
  /** The rows that the next norm sees. */
  #normed: Int32Array = NO_ROWS;

  constructor(model: Model, request: ResumeRequest) {
    this.#model = model;
    this.#request = request;
    const { runs } = request.batch;
    const { causal, nLayer } = model.config;
    const space = new RowSpace(request.batch);
    this.#space = space;
    this.#limits = Int32Array.from(runs, ({ readout }, run) => (causal ? readout : space.length(run) - 1));
    this.#late = new Uint8Array(runs.length * space.seq);
    runs.forEach(({ readout }, run) => (this.#late[space.key(run, readout)] = 1));
    for (const [site, reads] of request.reads ?? []) {
      const last = isBehindAttention(site) && (site === "final_resid" || site.startsWith(`${nLayer - 1}.`));
      for (const { run, token } of reads) {
        this.#limits[run] = Math.max(this.#limits[run]!, token);
        if (last) this.#late[space.key(run, token)] = 1;
      }
    }
    // Rows that runs share matter as long as they do to one of them. A twin comes before those that begin like it.
    for (let run = runs.length - 1; run >= 0; run--) {
      const twin = space.twin(run);
      if (!twin) continue;
      this.#limits[twin.run] = Math.max(this.#limits[twin.run]!, Math.min(this.#limits[run]!, twin.before - 1));
    }
  }

  run(): ResumedRuns {
    const { config, parameters } = this.#model;
    const norms = this.#request.normsHeld ? this.#heldScales : undefined;
    const steps = layerSteps(config, parameters, norms ? { norms } : {});
    let x = this.#settle(EMBED, undefined);
    for (let i = 0; i < config.nLayer; i++) {
      const before = this.#settle(siteAt(i, "resid_in"), x);
      let after: Grid | undefined;
      tf.tidy(() => (after = this.#layer(i, steps, before))?.values ?? []);
      x = after;
    }
    return { logits: this.#logits(this.#settle(FINAL_RESID, x), norms), reads: this.#reads, met: this.#met };
  }

  /** From the rows of a layer's input that differ to those of its output. */
  #layer(i: number, steps: LayerSteps, before: Grid | undefined): Grid | undefined {
    const site = (kind: LayerSiteKind) => siteAt(i, kind);

    // Attention
    const attentionIn = this.#settle(
      site("attn.act_in"),
      this.#enter(before, (x, position) => steps.attentionInput(i, x, position)), // [d + p, rows]
    );
    const [q, k, v] = attentionIn ? steps.queriesKeysValues(i, attentionIn.values) : []; // [a, rows] each
    const settled = (kind: LayerSiteKind, values: tf.Tensor2D | undefined) =>
      this.#settle(site(kind), values && { keys: attentionIn!.keys, values });
    const grids = { q: settled("attn.q", q), k: settled("attn.k", k), v: settled("attn.v", v) };
    const y = this.#settle(site("attn.y"), this.#attend(i, grids, steps.sinks(i))); // [a, rows]
    const attentionOut = this.#each(y, (y) => steps.attentionOutput(i, y)); // [d, rows]
    const mid = this.#settle(
      site("resid_mid"),
      this.#sum(i, ["resid_in", before], ["attn.resid_delta", attentionOut], steps.afterAttention), // [d, rows]
    );

    // MLP
    const mlpIn = this.#settle(
      site("mlp.act_in"),
      this.#enter(mid, (x, position) => steps.mlpInput(i, x, position)), // [d + p, rows]
    );
    const neurons = this.#each(mlpIn, (x) => steps.neurons(i, x)); // [m, rows]
    const post = this.#settle(site("mlp.post_act"), neurons);
    const mlpOut = this.#each(post, (x) => steps.mlpOutput(i, x)); // [d, rows]
    return this.#sum(i, ["resid_mid", mid], ["mlp.resid_delta", mlpOut], steps.afterMlp); // [d, rows]
  }

  #attend(i: number, grids: LayerGrids, sinks: tf.Tensor1D | undefined): Grid | undefined {
    const { config } = this.#model;
    const site = siteAt(i, "attn.pattern");
    const writes = {
      pattern: this.#writesAt(site),
      received: this.#wantedOf(siteAt(i, "attn.v"), (write) => write.receiver),
    };
    const keys = rowsToAttend(this.#space, config.causal, grids, writes, (run, token) => this.#isWanted(i, run, token));
    if (keys.length === 0) {
      this.#read(site, () => undefined);
      return undefined;
    }
    const { mixed, pattern } = attendRows(config, i, this.#space, keys, grids, writes, sinks);
    this.#read(site, (key) => pattern.column(key));
    return { keys, values: mixed };
  }

  /** One step of a grid's rows. */
  #each(grid: Grid | undefined, step: (x: tf.Tensor2D) => tf.Tensor2D): Grid | undefined {
    return grid && { keys: grid.keys, values: step(grid.values) };
  }

  /** What a sublayer reads of the stream: the norm of its rows, their positions beside it where they are concatenated. */
  #enter(
    stream: Grid | undefined,
    step: (x: tf.Tensor2D, position: tf.Tensor2D | undefined) => tf.Tensor2D,
  ): Grid | undefined {
    if (!stream) return undefined;
    const { config, parameters } = this.#model;
    const { keys, values } = stream;
    this.#normed = keys;
    const tokens = keys.map((key) => this.#space.tokenOf(key));
    return { keys, values: step(values, config.dPos > 0 ? positionVectors(config, parameters, tokens) : undefined) };
  }

  /** The residual stream with what a sublayer writes: over the rows where either may differ and that still matter. */
  #sum(
    i: number,
    [kind, stream]: readonly [LayerSiteKind, Grid | undefined],
    [deltaKind, computed]: readonly [LayerSiteKind, Grid | undefined],
    step: (x: tf.Tensor2D, delta: tf.Tensor2D) => tf.Tensor2D,
  ): Grid | undefined {
    const space = this.#space;
    const delta = this.#settle(siteAt(i, deltaKind), computed);
    const wanted = (stream?.keys ?? NO_ROWS).filter((key) => this.#isWanted(i, space.runOf(key), space.tokenOf(key)));
    const keys = space.union(delta?.keys ?? NO_ROWS, wanted);
    if (keys.length === 0) return undefined;
    const x = space.fetch(siteAt(i, kind), stream, keys);
    return { keys, values: step(x, space.fetch(siteAt(i, deltaKind), delta, keys)) };
  }

  /** Does what is written at a site, and reads what is to be read there. */
  #settle(site: SiteName, computed: Grid | undefined): Grid | undefined {
    const space = this.#space;
    const writes = this.#writesAt(site);
    let grid = computed;
    if (writes.length > 0) {
      const written = Int32Array.from(new Set(writes.map(({ run, token }) => space.key(run, token))));
      const keys = space.union(computed?.keys ?? NO_ROWS, written.sort());
      const values = space.fetch(site, computed, keys);
      const columns = space.columnsOf({ keys, values });
      const at = writes.map(({ run, token }) => columns[space.key(run, token)]!);
      grid = { keys, values: overwriteColumns(values, writes, at) };
    }
    if (!this.#request.reads?.has(site)) return grid;
    const columns = space.columnsOf(grid);
    const values = grid?.values.dataSync<"float32">();
    this.#read(site, (key) => {
      const column = columns[key]!;
      if (column < 0) return undefined;
      const [channels, rows] = grid!.values.shape;
      return Float32Array.from({ length: channels }, (_, c) => values![c * rows + column]!);
    });
    return grid;
  }

  #read(site: SiteName, columnOf: (key: number) => Float32Array | undefined): void {
    const reads = this.#request.reads?.get(site);
    if (!reads) return;
    const shown = reads.map(({ run, token }) => {
      const key = this.#space.key(run, token);
      return columnOf(key) ?? this.#space.knownColumn(site, key);
    });
    this.#reads.set(site, shown);
  }

  /** What is written at a site for every reader, as far as it still matters there. */
  #writesAt(site: SiteName): readonly RowWrite[] {
    return this.#wantedOf(site, ({ receiver, token }) => (receiver === undefined ? token : undefined));
  }

  /** The writes of a site that have an effect on a row that matters. */
  #wantedOf(site: SiteName, rowOf: (write: RowWrite) => number | undefined): readonly RowWrite[] {
    const writes = this.#request.batch.writes.get(site);
    if (!writes) return [];
    this.#met.add(site);
    const { nLayer } = this.#model.config;
    const behind = isBehindAttention(site) ? (parseSite(site).layer ?? nLayer - 1) : -1;
    return writes.filter((write) => {
      const row = rowOf(write);
      return row !== undefined && this.#isWanted(behind, write.run, row);
    });
  }

  /** Whether a row behind the attention of a layer still matters. */
  #isWanted(layer: number, run: number, token: number): boolean {
    const last = layer === this.#model.config.nLayer - 1;
    return last ? this.#late[this.#space.key(run, token)] === 1 : token <= this.#limits[run]!;
  }

  /** The scales that a norm has in the known runs. Those of position vectors, which no write reaches, are their own. */
  readonly #heldScales: NormScales = (name) => {
    const { norm } = this.#model.config;
    const site = normedSite(name);
    if (norm === "none" || site === undefined) return undefined;
    return normScales(norm, this.#space.fetch(site, undefined, this.#normed));
  };

  #logits(x: Grid | undefined, norms: NormScales | undefined): (Float32Array | undefined)[] {
    const space = this.#space;
    const { batch, outputs } = this.#request;
    const { runs } = batch;
    const logits = Array.from<Float32Array | undefined>({ length: runs.length });
    const columns = space.columnsOf(x);
    const reached = [...runs.keys()].filter((run) => columns[space.key(run, runs[run]!.readout)]! >= 0);
    if (!x || reached.length === 0) return logits;
    const keys = Int32Array.from(reached, (run) => space.key(run, runs[run]!.readout));
    this.#normed = keys;
    const ids = keys.map((key) => {
      const { ids } = space.known.runs[runs[space.runOf(key)]!.known]!;
      return ids[space.tokenOf(key)]!;
    });
    const found = outputs.logits(space.fetch(FINAL_RESID, x, keys), ids, norms);
    reached.forEach((run, j) => (logits[run] = found[j]!));
    return logits;
  }
}
