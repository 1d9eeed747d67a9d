import { parseSite, type SiteName } from "@filigree/sites";
import type { ModelConfig } from "../config.ts";
import type { KnownRuns } from "./known-runs.ts";
import { SharedRows, type Twin } from "./shared-rows.ts";
import { rowOf, type TokenWrite } from "./token-write.ts";

/** A run that differs from a known one where something is written. */
export interface ResumedRun {
  /** Which of the known runs. */
  readonly known: number;
  /** The token whose answers are wanted. */
  readonly readout: number;
}

/** A write of one of a batch's runs. */
export interface RowWrite extends TokenWrite {
  readonly run: number;
}

/** Runs that are resumed together. What several of them show alike is computed once. */
export class ResumedBatch {
  readonly known: KnownRuns;
  readonly runs: ResumedRun[] = [];
  /** Of each run, the earlier one with which it begins; undefined where there is none. */
  readonly twins: (Twin | undefined)[] = [];
  readonly writes = new Map<SiteName, RowWrite[]>();
  readonly #config: ModelConfig;
  readonly #shared = new SharedRows();
  #rows = 0;

  constructor(config: ModelConfig, known: KnownRuns) {
    this.#config = config;
    this.known = known;
  }

  /** How many rows a layer computes, about: rows behind what is read out, that are read all the same, are not counted. */
  get rows(): number {
    return this.#rows;
  }

  add(resumed: ResumedRun, writes: readonly TokenWrite[]): void {
    const run = this.runs.push(resumed) - 1;
    // Where later tokens are seen, all rows of a run may differ from those of another.
    const twin = this.#config.causal ? this.#shared.twinOf(run, resumed.known, writes) : undefined;
    this.twins.push(twin);
    this.#rows += this.#rowsOf(resumed, writes, twin);
    for (const { site, token, channels, values, receiver } of writes) {
      const here = this.writes.get(site) ?? [];
      here.push({ run, site, token, channels, values, receiver });
      this.writes.set(site, here);
    }
  }

  #rowsOf({ known, readout }: ResumedRun, writes: readonly TokenWrite[], twin: Twin | undefined): number {
    const { causal, nLayer } = this.#config;
    const inLastLayer = writes.every(({ site }) => {
      const { layer } = parseSite(site);
      return layer === nLayer - 1 || site === "final_resid";
    });
    // Those that are written, and the one that is read.
    if (inLastLayer) return 1 + writes.length;
    if (!causal) return this.known.runs[known]!.ids.length;
    const first = writes.reduce((first, write) => Math.min(first, rowOf(write)), readout);
    return Math.max(1, readout + 1 - Math.max(twin?.before ?? 0, first));
  }
}
