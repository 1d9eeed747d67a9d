import * as tf from "@tensorflow/tfjs-core";
import { forward, listSites, siteAt, type Edit, type Model, type SiteName } from "@filigree/core";
import type { AttendsStatement, CopiesStatement, Position, SitePart, Statement } from "@filigree/hypothesis";
import type { Example, Task } from "@filigree/tasks";

// What the definitions give when nothing is drawn: every allowed pair of a task whose examples all have one length.
// Written against the definitions, apart from the engine: its own swaps, its own figures, no statistics.

interface Pair {
  readonly x: number;
  readonly y: number;
}

interface Swapped extends Pair {
  readonly after: readonly number[];
}

export class ExactFigures {
  readonly #model: Model;
  readonly #task: Task;
  readonly #examples: readonly Example[];
  readonly #seq: number;
  /** Per site [channels, examples · seq]. */
  readonly #clean = new Map<SiteName, { channels: number; values: Float32Array }>();
  readonly #answers: readonly (readonly number[])[];
  readonly #scale: number;
  readonly #known = new Map<string, readonly Swapped[]>();
  readonly #predictions = new Map<string, number | undefined>();

  constructor(model: Model, task: Task) {
    this.#model = model;
    this.#task = task;
    this.#examples = task.examples;
    this.#seq = task.examples[0]!.ids.length;
    this.#answers = this.#run(
      task.examples.map((_, x) => x),
      (site, value) => {
        this.#clean.set(site, { channels: value.shape[0], values: value.dataSync<"float32">().slice() });
        return value;
      },
    );
    const pairs = this.#pairs(() => true).map(({ x, y }) => ({ x, y, after: this.#answers[y]! }));
    this.#scale = this.#mean(pairs, (pair) => this.#effect(pair));
  }

  /** Whether a statement is true by its own thresholds. */
  holds(statement: Statement): boolean {
    switch (statement.kind) {
      case "carries": {
        const { thresholds, feature } = statement;
        const figures = this.#figures(this.#swapParts(statement.parts), feature);
        const moves =
          figures.transfer === undefined
            ? figures.change >= thresholds.change
            : figures.transfer >= thresholds.transfer;
        return figures.V >= 0.01 && figures.r <= thresholds.r && moves && (figures.distinguishes ?? 1) >= 0.01;
      }
      case "copies": {
        const { thresholds, feature } = statement;
        const figures = this.#figures(this.#swapPath(statement), feature);
        const control = this.#figures(this.#swapParts(this.#routing(statement)), feature).change;
        const { V, r, transfer = -1 } = figures;
        return V >= 0.01 && r <= thresholds.r && transfer >= thresholds.transfer && control <= thresholds.control;
      }
      case "ignores": {
        const swapped = this.#swapParts(statement.parts);
        const differing = swapped.filter((pair) => this.#isNE(pair, statement.feature));
        const V = (pairs: readonly Swapped[]) => this.#mean(pairs, (pair) => this.#effect(pair)) / this.#scale;
        return V(differing) <= statement.thresholds.V && V(swapped) >= 0.01;
      }
      case "attends":
        return this.#attends(statement);
      default:
        throw new Error("Only statements about sites are enumerated.");
    }
  }

  #figures(swapped: readonly Swapped[], feature: string) {
    const equal = swapped.filter(({ x, y }) => this.#value(x, feature) === this.#value(y, feature));
    const differing = swapped.filter((pair) => this.#isNE(pair, feature));
    const effect = (pairs: readonly Swapped[]) => this.#mean(pairs, (pair) => this.#effect(pair));
    const noise = effect(equal);
    const predicted = differing.map((pair) => ({ pair, answer: this.#predicted(pair, feature) }));
    const covered = predicted.filter(({ answer }) => answer !== undefined).length >= differing.length / 2;
    const diagnostic = predicted.filter(
      ({ pair, answer }) => answer !== undefined && answer !== this.#examples[pair.x]!.answer,
    );
    const lean = (x: number, after: readonly number[], answer: number) =>
      after[this.#slot(answer)]! - after[this.#slot(this.#examples[x]!.answer)]!;
    const shift = (after: (pair: Swapped) => readonly number[]) =>
      this.#mean(
        diagnostic.map(({ pair }) => pair),
        (pair) => {
          const answer = this.#predicted(pair, feature)!;
          return lean(pair.x, after(pair), answer) - lean(pair.x, this.#answers[pair.x]!, answer);
        },
      );
    const alike = predicted
      .filter(({ pair, answer }) => answer === this.#examples[pair.x]!.answer)
      .map(({ pair }) => pair);
    return {
      V: effect(swapped) / this.#scale,
      r: noise === 0 ? 0 : noise / effect(swapped),
      change: (effect(differing) - noise) / this.#scale,
      ...(covered &&
        diagnostic.length > 0 && { transfer: shift(({ after }) => after) / shift(({ y }) => this.#answers[y]!) }),
      ...(alike.length > 0 && { distinguishes: (effect(alike) - noise) / this.#scale }),
    };
  }

  /** The mass, that what the head gives matters, and that another token's key, run through the model, lowers the mass. */
  #attends({ layer, head, query, key, thresholds }: AttendsStatement): boolean {
    const { dHead } = this.#model.config;
    const channels = Array.from({ length: dHead }, (_, c) => head * dHead + c);
    const pattern = siteAt(layer, "attn.pattern");
    const masses = (values: Float32Array, xs: readonly number[]) =>
      xs.map(
        (x, row) =>
          values[(head * this.#seq + this.#at(x, key)) * xs.length * this.#seq + row * this.#seq + this.#at(x, query)]!,
      );
    const all = this.#examples.map((_, x) => x);
    const mass = masses(this.#clean.get(pattern)!.values, all);
    const other = this.#pairs(() => true)
      .flatMap(({ x, y }) => all.slice(0, this.#seq).map((t) => ({ x, y, t })))
      .filter(({ y, t }, i) => t !== this.#at(y, key) && i % 41 === 0);
    let seen: number[] = [];
    const references = other.map(({ x }) => x);
    this.#run(references, (site, value) => {
      if (site === pattern) seen = masses(value.dataSync<"float32">(), references);
      if (site !== siteAt(layer, "attn.k")) return value;
      const data = value.dataSync<"float32">().slice();
      const tokens = value.shape[1];
      const clean = this.#clean.get(site)!.values;
      other.forEach(({ x, y, t }, row) => {
        for (const c of channels) {
          data[c * tokens + row * this.#seq + this.#at(x, key)] =
            clean[c * all.length * this.#seq + y * this.#seq + t]!;
        }
      });
      return tf.tensor2d(data, value.shape);
    });
    const fall = average(other.map(({ x }, row) => mass[x]! - seen[row]!));
    const row: SitePart = { site: siteAt(layer, "attn.y"), channels, position: query };
    const V = this.#mean(this.#swapParts([row]), (pair) => this.#effect(pair)) / this.#scale;
    return average(mass) >= thresholds.mass && fall >= 0.01 && V >= 0.01;
  }

  #routing({ layer, heads, from, to }: CopiesStatement): SitePart[] {
    const channels = heads === "all" ? ("all" as const) : this.#channelsOf(heads);
    return [
      { site: siteAt(layer, "attn.q"), channels, position: to },
      { site: siteAt(layer, "attn.k"), channels, position: from },
    ];
  }

  #channelsOf(heads: readonly number[]): number[] {
    const { dHead } = this.#model.config;
    return heads.flatMap((head) => Array.from({ length: dHead }, (_, c) => head * dHead + c));
  }

  /** All allowed pairs with the parts of x overwritten by those of y. */
  #swapParts(parts: readonly SitePart[]): readonly Swapped[] {
    return this.#remember(
      JSON.stringify(parts),
      parts.map(({ position }) => position),
      (pairs) => (site, value) => {
        const here = parts.filter((part) => part.site === site);
        if (here.length === 0) return value;
        const data = value.dataSync<"float32">().slice();
        for (const { channels, position } of here) this.#overwrite(data, value.shape, site, pairs, channels, position);
        return tf.tensor2d(data, value.shape);
      },
    );
  }

  /** The values at A are y's for everybody, but only the row B may notice: all other mixes are put back. */
  #swapPath({ layer, heads, from, to }: CopiesStatement): readonly Swapped[] {
    const key = `path ${JSON.stringify([layer, heads, from, to])}`;
    const channels = heads === "all" ? "all" : this.#channelsOf(heads);
    return this.#remember(key, [from, to], (pairs) => (site, value) => {
      if (site === siteAt(layer, "attn.v")) {
        const data = value.dataSync<"float32">().slice();
        this.#overwrite(data, value.shape, site, pairs, channels, from);
        return tf.tensor2d(data, value.shape);
      }
      if (site !== siteAt(layer, "attn.y")) return value;
      const mixed = value.dataSync<"float32">();
      const [width, tokens] = value.shape;
      const { values } = this.#clean.get(site)!;
      const data = new Float32Array(mixed.length);
      pairs.forEach(({ x }, row) => {
        for (let c = 0; c < width; c++) {
          for (let t = 0; t < this.#seq; t++) {
            const receives = t === this.#at(x, to) && (channels === "all" || channels.includes(c));
            const i = c * tokens + row * this.#seq + t;
            data[i] = receives ? mixed[i]! : values[c * this.#examples.length * this.#seq + x * this.#seq + t]!;
          }
        }
      });
      return tf.tensor2d(data, value.shape);
    });
  }

  #overwrite(
    data: Float32Array,
    [width, tokens]: readonly [number, number],
    site: SiteName,
    pairs: readonly Pair[],
    channels: SitePart["channels"],
    position: Position,
  ): void {
    const { values } = this.#clean.get(site)!;
    const n = this.#examples.length * this.#seq;
    const chosen = channels === "all" ? Array.from({ length: width }, (_, c) => c) : channels;
    pairs.forEach(({ x, y }, row) => {
      for (const c of chosen) {
        data[c * tokens + row * this.#seq + this.#at(x, position)] =
          values[c * n + y * this.#seq + this.#at(y, position)]!;
      }
    });
  }

  #remember(key: string, roles: readonly Position[], editFor: (pairs: readonly Pair[]) => Edit): readonly Swapped[] {
    const known = this.#known.get(key);
    if (known) return known;
    const matched = this.#model.config.positions === "added";
    const pairs = this.#pairs(
      ({ x, y }) => !matched || roles.every((position) => this.#at(x, position) === this.#at(y, position)),
    );
    const after = this.#run(
      pairs.map(({ x }) => x),
      editFor(pairs),
    );
    const swapped = pairs.map((pair, row) => ({ ...pair, after: after[row]! }));
    this.#known.set(key, swapped);
    return swapped;
  }

  /** Centred log-probabilities over the task's answers of each example, run under an edit. */
  #run(xs: readonly number[], edit: Edit): number[][] {
    const { config, parameters } = this.#model;
    const ids = Int32Array.from(xs.flatMap((x) => this.#examples[x]!.ids));
    const readout = Int32Array.from(xs, (x, row) => row * this.#seq + this.#examples[x]!.position);
    const patterns = new Set(Array.from({ length: config.nLayer }, (_, layer) => layer));
    const all = new Set<string>(listSites(config.nLayer));
    const watched: Edit = (site, value) => (all.has(site) && site !== "logits" ? edit(site, value) : value);
    return tf.tidy(() => {
      const options = { edit: watched, patterns, readout };
      const logits = forward(config, parameters, { ids, batch: xs.length, seq: this.#seq }, options).arraySync();
      return xs.map((_, row) => {
        const values = this.#task.answers.map((answer) => logits[answer]![row]!);
        return values.map((value) => value - average(values));
      });
    });
  }

  #pairs(allowed: (pair: Pair) => boolean): Pair[] {
    const tokens = this.#examples.map(({ ids }) => ids.join());
    const all = tokens.flatMap((own, x) => tokens.flatMap((other, y) => (own === other ? [] : [{ x, y }])));
    return all.filter(allowed);
  }

  #isNE({ x, y }: Pair, feature: string): boolean {
    return (
      this.#value(x, feature) !== this.#value(y, feature) &&
      this.#others(feature).every((name) => this.#value(x, name) === this.#value(y, name))
    );
  }

  #predicted({ x, y }: Pair, feature: string): number | undefined {
    const others = this.#others(feature);
    const key = [feature, this.#value(y, feature), ...others.map((name) => this.#value(x, name))].join("/");
    if (!this.#predictions.has(key)) {
      const alike = this.#examples.filter(
        (_, z) =>
          this.#value(z, feature) === this.#value(y, feature) &&
          others.every((name) => this.#value(z, name) === this.#value(x, name)),
      );
      const answers = new Set(alike.map(({ answer }) => answer));
      this.#predictions.set(key, answers.size === 1 ? [...answers][0] : undefined);
    }
    return this.#predictions.get(key);
  }

  #others(feature: string): string[] {
    return this.#task.features.filter(({ name, nuisance }) => name !== feature && !nuisance).map(({ name }) => name);
  }

  #value(x: number, feature: string) {
    return this.#examples[x]!.features[feature];
  }

  #slot(answer: number): number {
    return this.#task.answers.indexOf(answer);
  }

  #at(x: number, position: Position): number {
    const example = this.#examples[x]!;
    if (position.kind === "index") return position.index;
    if (position.kind === "all") throw new Error("Single positions only.");
    return position.name === "first" ? 0 : example.positions[position.name]!;
  }

  #effect({ x, after }: Swapped): number {
    return after.reduce((sum, value, i) => sum + (value - this.#answers[x]![i]!) ** 2, 0);
  }

  /** Every reference counts once, however many donors it has. */
  #mean<T extends Pair>(pairs: readonly T[], value: (pair: T) => number): number {
    const byReference = new Map<number, number[]>();
    for (const pair of pairs) {
      const values = byReference.get(pair.x) ?? [];
      values.push(value(pair));
      byReference.set(pair.x, values);
    }
    return average([...byReference.values()].map(average));
  }
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
