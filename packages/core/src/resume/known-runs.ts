import * as tf from "@tensorflow/tfjs-core";
import { layTokensInLanes, type LanedTokens } from "@filigree/kernels";
import { parseSite, type SiteName } from "@filigree/sites";
import type { ModelConfig } from "../config.ts";

/** A run of the model that nothing disturbed, as far as it was recorded. */
export interface KnownRun {
  readonly ids: readonly number[];
  /** What a site shows, token by token: [tokens · channels]. Of a pattern, query by query: [queries · heads · keys]. */
  site(site: SiteName): Float32Array;
}

/** How many bytes of keys and values may be kept laid out. */
const KEPT_BYTES = 2 ** 29;

/** The undisturbed runs that resumed ones start from, side by side. It keeps tensors; dispose of it after its last use. */
export class KnownRuns {
  readonly runs: readonly KnownRun[];
  /** [runs]: where the tokens of each begin when all runs lie one after the other. */
  readonly offsets: Int32Array;
  readonly tokens: number;
  readonly longest: number;
  readonly #config: ModelConfig;
  /** Laid out keys and values, the one used last at the end. */
  readonly #lanes = new Map<SiteName, LanedTokens>();

  constructor(config: ModelConfig, runs: readonly KnownRun[]) {
    this.#config = config;
    this.runs = runs;
    this.offsets = new Int32Array(runs.length);
    let tokens = 0;
    runs.forEach(({ ids }, r) => {
      this.offsets[r] = tokens;
      tokens += ids.length;
    });
    this.tokens = tokens;
    this.longest = Math.max(...runs.map(({ ids }) => ids.length));
  }

  /** One token's column of a site. */
  column(run: number, site: SiteName, token: number): Float32Array {
    const { ids, site: show } = this.runs[run]!;
    const values = show(site);
    const channels = values.length / ids.length;
    return values.subarray(token * channels, (token + 1) * channels);
  }

  /** Keys or values of a layer, of all tokens of all runs, with heads side by side. They stay the property of this. */
  lanes(site: SiteName): LanedTokens {
    const known = this.#lanes.get(site);
    const lanes = known ?? this.#layOut(site);
    this.#lanes.delete(site);
    this.#lanes.set(site, lanes);
    // A layer's keys and its values are looked at together.
    const most = Math.max(2, Math.floor(KEPT_BYTES / (4 * lanes.values.size)));
    for (const [oldest, { values }] of this.#lanes) {
      if (this.#lanes.size <= most) break;
      this.#lanes.delete(oldest);
      values.dispose();
    }
    return lanes;
  }

  dispose(): void {
    for (const { values } of this.#lanes.values()) values.dispose();
    this.#lanes.clear();
  }

  #layOut(site: SiteName): LanedTokens {
    const { nHead, dHead } = this.#config;
    const all = new Float32Array(this.tokens * nHead * dHead);
    this.runs.forEach((run, r) => all.set(run.site(site), this.offsets[r]! * nHead * dHead));
    const values = tf.tidy(() => {
      const columns = tf.tensor2d(all, [this.tokens, nHead * dHead]);
      return layTokensInLanes(columns, { heads: nHead, dHead }).values;
    });
    return { values: tf.keep(values) };
  }
}

/** Whether what happens at a site lies behind the attention of its layer, where rows no longer meet. */
export function isBehindAttention(site: SiteName): boolean {
  const { kind } = parseSite(site);
  return !["embed", "resid_in", "attn.act_in", "attn.q", "attn.k", "attn.v"].includes(kind);
}
