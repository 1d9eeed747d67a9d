import * as tf from "@tensorflow/tfjs-core";
import { forward, listSites, NODE_SITE_KINDS, siteAt, type Edit, type Model, type SiteName } from "@filigree/core";
import type { CircuitNodes, CopiesStatement, Position, SitePart } from "@filigree/hypothesis";
import type { Example, Task } from "@filigree/tasks";

// Every allowed swap of a task whose examples all have one length, run literally. Written against the definitions, apart
// from the engine. Figures are in exact-figures.ts.

/** Reference and donor: indices into the task's examples. */
export interface Pair {
  readonly x: number;
  readonly y: number;
}

/** What a swap gave. */
export interface Swapped extends Pair {
  readonly after: readonly number[];
  /** ‖ΔB‖² of the parts that were asked for. */
  readonly moved: readonly number[];
}

/** A site of many runs at once: [channels, examples · seq]. */
interface Recorded {
  readonly channels: number;
  readonly values: Float32Array;
}

export class ExactRuns {
  readonly #model: Model;
  readonly #task: Task;
  readonly #examples: readonly Example[];
  readonly #seq: number;
  readonly #known = new Map<string, readonly Swapped[]>();
  /** The undisturbed runs of all examples. */
  readonly clean = new Map<SiteName, Recorded>();
  readonly answers: readonly (readonly number[])[];

  constructor(model: Model, task: Task) {
    this.#model = model;
    this.#task = task;
    this.#examples = task.examples;
    this.#seq = task.examples[0]!.ids.length;
    const all = task.examples.map((_, x) => x);
    this.answers = this.run(all, (site, value) => {
      this.clean.set(site, { channels: value.shape[0], values: value.dataSync<"float32">().slice() });
      return value;
    });
  }

  get seq(): number {
    return this.#seq;
  }

  pairs(allowed: (pair: Pair) => boolean): Pair[] {
    const tokens = this.#examples.map(({ ids }) => ids.join());
    const all = tokens.flatMap((own, x) => tokens.flatMap((other, y) => (own === other ? [] : [{ x, y }])));
    return all.filter(allowed);
  }

  /** Pairs whose roles the model can tell apart by their place only if they lie at the same. */
  pairsWithRoles(roles: readonly Position[]): Pair[] {
    const matched = this.#model.config.positions === "added";
    return this.pairs(({ x, y }) => {
      return !matched || roles.every((role) => this.tokens(x, role).join() === this.tokens(y, role).join());
    });
  }

  channelsOf(heads: "all" | readonly number[]): "all" | number[] {
    const { dHead } = this.#model.config;
    if (heads === "all") return "all";
    return heads.flatMap((head) => Array.from({ length: dHead }, (_, c) => head * dHead + c));
  }

  /** All allowed pairs with the parts of x overwritten by those of y; `held` parts stay as they were, `read` are compared. */
  swapParts(
    parts: readonly SitePart[],
    held: readonly SitePart[] = [],
    read: readonly SitePart[] = [],
  ): readonly Swapped[] {
    const roles = parts.map(({ position }) => position);
    return this.remember(
      JSON.stringify([parts, held, read]),
      this.pairsWithRoles(roles),
      read,
      (pairs) => (site, value) => {
        const mine = parts.filter((part) => part.site === site);
        const kept = held.filter((part) => part.site === site);
        if (mine.length + kept.length === 0) return value;
        const data = value.dataSync<"float32">().slice();
        for (const part of mine) this.#overwrite(data, value.shape, site, pairs, part);
        const own = pairs.map(({ x }) => ({ x, y: x }));
        for (const part of kept) this.#overwrite(data, value.shape, site, own, part);
        return tf.tensor2d(data, value.shape);
      },
    );
  }

  /** The values at A are y's for everybody, but only the row B may notice: all other mixes are put back. */
  swapPath({ layer, heads, from, to }: CopiesStatement): readonly Swapped[] {
    const key = `path ${JSON.stringify([layer, heads, from, to])}`;
    const channels = this.channelsOf(heads);
    const part: SitePart = { site: siteAt(layer, "attn.v"), channels, position: from };
    return this.remember(key, this.pairsWithRoles([from, to]), [], (pairs) => (site, value) => {
      if (site === part.site) {
        const data = value.dataSync<"float32">().slice();
        this.#overwrite(data, value.shape, site, pairs, part);
        return tf.tensor2d(data, value.shape);
      }
      if (site !== siteAt(layer, "attn.y")) return value;
      const mixed = value.dataSync<"float32">();
      const [width, tokens] = value.shape;
      const { values } = this.clean.get(site)!;
      const data = new Float32Array(mixed.length);
      pairs.forEach(({ x }, row) => {
        for (let c = 0; c < width; c++) {
          for (let t = 0; t < this.#seq; t++) {
            const receives = this.tokens(x, to).includes(t) && (channels === "all" || channels.includes(c));
            const i = c * tokens + row * this.#seq + t;
            data[i] = receives ? mixed[i]! : values[c * this.#examples.length * this.#seq + x * this.#seq + t]!;
          }
        }
      });
      return tf.tensor2d(data, value.shape);
    });
  }

  /** Everything outside the nodes, at the eight sites of every layer and at every token, from y. */
  swapOutside({ nodes }: CircuitNodes): readonly Swapped[] {
    const kept = new Map(nodes.map(({ site, channels }) => [site, channels]));
    const sites = Array.from({ length: this.#model.config.nLayer }, (_, layer) =>
      NODE_SITE_KINDS.map((kind) => siteAt(layer, kind)),
    ).flat();
    const outside = sites.flatMap((site): SitePart[] => {
      const own = kept.get(site) ?? [];
      if (own === "all") return [];
      const all = Array.from({ length: this.clean.get(site)!.channels }, (_, c) => c);
      return [{ site, channels: all.filter((c) => !own.includes(c)), position: { kind: "all" } }];
    });
    return this.swapParts(outside);
  }

  /** ‖b(x) − b(y)‖² of a part in undisturbed runs, over the pairs that its role allows. */
  distances(part: SitePart): { pair: Pair; value: number }[] {
    return this.pairsWithRoles([part.position]).map((pair) => {
      const [own, other] = [this.values(part, pair.x), this.values(part, pair.y)];
      return { pair, value: own.reduce((sum, value, i) => sum + (value - other[i]!) ** 2, 0) };
    });
  }

  /** What a part shows in an undisturbed run. */
  values({ site, channels, position }: SitePart, x: number): number[] {
    const { channels: width, values } = this.clean.get(site)!;
    const chosen = channels === "all" ? Array.from({ length: width }, (_, c) => c) : channels;
    const n = this.#examples.length * this.#seq;
    return this.tokens(x, position).flatMap((t) => chosen.map((c) => values[c * n + x * this.#seq + t]!));
  }

  /** Where a position lies in an example. */
  tokens(x: number, position: Position): number[] {
    const example = this.#examples[x]!;
    if (position.kind === "index") return [position.index];
    if (position.kind === "all") return example.ids.map((_, t) => t);
    return [position.name === "first" ? 0 : example.positions[position.name]!];
  }

  /** Runs references under an edit that is made for them, and remembers it. */
  remember(
    key: string,
    pairs: readonly Pair[],
    read: readonly SitePart[],
    editFor: (pairs: readonly Pair[]) => Edit,
  ): readonly Swapped[] {
    const known = this.#known.get(key);
    if (known) return known;
    const seen = new Map<SiteName, Float32Array>();
    const edit = editFor(pairs);
    const after = this.run(
      pairs.map(({ x }) => x),
      (site, value) => {
        const next = edit(site, value);
        if (read.some((part) => part.site === site)) seen.set(site, next.dataSync<"float32">().slice());
        return next;
      },
    );
    const swapped = pairs.map((pair, row): Swapped => {
      const moved = read.map(({ site, channels, position }) => {
        const now = seen.get(site)!;
        const width = this.clean.get(site)!.channels;
        const chosen = channels === "all" ? Array.from({ length: width }, (_, c) => c) : channels;
        const own = this.values({ site, channels, position }, pair.x);
        const values = this.tokens(pair.x, position).flatMap((t) =>
          chosen.map((c) => now[c * pairs.length * this.#seq + row * this.#seq + t]!),
        );
        return own.reduce((sum, value, i) => sum + (value - values[i]!) ** 2, 0);
      });
      return { ...pair, after: after[row]!, moved };
    });
    this.#known.set(key, swapped);
    return swapped;
  }

  /** Centred log-probabilities over the task's answers of each example, run under an edit. */
  run(xs: readonly number[], edit: Edit): number[][] {
    const { config, parameters } = this.#model;
    const ids = Int32Array.from(xs.flatMap((x) => this.#examples[x]!.ids));
    const readout = Int32Array.from(xs, (x, row) => row * this.#seq + this.#examples[x]!.position);
    const patterns = new Set(Array.from({ length: config.nLayer }, (_, layer) => layer));
    const all = new Set<string>(listSites(config.nLayer));
    const watched: Edit = (site, value) => (all.has(site) && site !== "logits" ? edit(site, value) : value);
    return tf.tidy(() => {
      const options = { edit: watched, patterns, readout };
      const logits = forward(config, parameters, { ids, batch: xs.length, seq: this.#seq }, options).arraySync();
      if (this.#task.numeric) return xs.map((_, row) => [logits[0]![row]!]);
      return xs.map((_, row) => {
        const values = this.#task.answers.map((answer) => logits[answer]![row]!);
        return values.map((value) => value - average(values));
      });
    });
  }

  #overwrite(
    data: Float32Array,
    [width, tokens]: readonly [number, number],
    site: SiteName,
    pairs: readonly Pair[],
    { channels, position }: SitePart,
  ): void {
    const { values } = this.clean.get(site)!;
    const n = this.#examples.length * this.#seq;
    const chosen = channels === "all" ? Array.from({ length: width }, (_, c) => c) : channels;
    pairs.forEach(({ x, y }, row) => {
      const there = this.tokens(y, position);
      this.tokens(x, position).forEach((to, i) => {
        for (const c of chosen) data[c * tokens + row * this.#seq + to] = values[c * n + y * this.#seq + there[i]!]!;
      });
    });
  }
}

export function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
