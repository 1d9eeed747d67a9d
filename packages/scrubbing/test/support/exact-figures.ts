import * as tf from "@tensorflow/tfjs-core";
import { siteAt, type Model } from "@filigree/core";
import type {
  AffectsStatement,
  AttendsStatement,
  CopiesStatement,
  EqualsStatement,
  Position,
  SitePart,
  Statement,
  SufficientStatement,
} from "@filigree/hypothesis";
import { evaluateExpression } from "@filigree/hypothesis";
import type { Example, Task } from "@filigree/tasks";
import { average, ExactRuns, type Pair, type Swapped } from "./exact-runs.ts";

// What the definitions give when nothing is drawn: every allowed pair of a task whose examples all have one length.
// Written against the definitions, apart from the engine: its own swaps, its own figures, no statistics.

export class ExactFigures {
  readonly #model: Model;
  readonly #task: Task;
  readonly #examples: readonly Example[];
  readonly #runs: ExactRuns;
  readonly #scale: number;
  readonly #predictions = new Map<string, number | undefined>();

  constructor(model: Model, task: Task) {
    this.#model = model;
    this.#task = task;
    this.#examples = task.examples;
    this.#runs = new ExactRuns(model, task);
    const pairs = this.#runs.pairs(() => true).map((pair) => ({ ...pair, after: this.#runs.answers[pair.y]! }));
    this.#scale = this.#mean(pairs, (pair) => this.#effect(pair));
  }

  /** Whether a statement is true by its own thresholds. */
  holds(statement: Statement): boolean {
    switch (statement.kind) {
      case "carries":
      case "contains": {
        const { thresholds, feature } = statement;
        const figures = this.#figures(this.#runs.swapParts(statement.parts), feature);
        const moves =
          figures.transfer === undefined
            ? figures.change >= thresholds.change
            : figures.transfer >= thresholds.transfer;
        if (figures.V < 0.01 || !moves) return false;
        if (statement.kind === "contains") return true;
        const told = statement.atMost || (figures.distinguishes ?? 1) >= 0.01;
        return figures.r <= statement.thresholds.r && told;
      }
      case "copies": {
        const { thresholds, feature } = statement;
        const figures = this.#figures(this.#runs.swapPath(statement), feature);
        const control = this.#figures(this.#runs.swapParts(this.#routing(statement)), feature).change;
        const { V, r, transfer = -1 } = figures;
        if (statement.alone && this.#rest(statement) > thresholds.rest) return false;
        return V >= 0.01 && r <= thresholds.r && transfer >= thresholds.transfer && control <= thresholds.control;
      }
      case "ignores": {
        const swapped = this.#runs.swapParts(statement.parts);
        const differing = swapped.filter((pair) => this.#isNE(pair, statement.feature));
        const V = (pairs: readonly Swapped[]) => this.#mean(pairs, (pair) => this.#effect(pair)) / this.#scale;
        return V(differing) <= statement.thresholds.V && V(swapped) >= 0.01;
      }
      case "attends":
        return this.#attends(statement);
      case "affects":
        return this.#reach(statement).every((V) => V >= statement.thresholds.V);
      case "does not affect":
        return this.#reach(statement).every((V) => V <= statement.thresholds.V);
      case "equals":
        return this.#equals(statement);
      case "sufficient":
        return this.#unexplained(statement) <= statement.thresholds.U;
      default:
        throw new Error(`Statements such as "${statement.kind}" are not enumerated.`);
    }
  }

  /** V of each part of B, with C held. */
  #reach({ from, to, through }: AffectsStatement): number[] {
    const read = to.filter(({ site }) => site !== "logits");
    const swapped = this.#runs.swapParts(from, through, read);
    return to.map((part) => {
      if (part.site === "logits") return this.#mean(swapped, (pair) => this.#effect(pair)) / this.#scale;
      const scale = this.#runs.distances(part).map(({ pair, value }) => ({ ...pair, value }));
      const change = this.#mean(swapped, ({ moved }) => moved[read.indexOf(part)]!);
      // What never changes is not affected, however little there is to measure against.
      return change === 0 ? 0 : change / this.#mean(scale, ({ value }) => value);
    });
  }

  /** The fit is made on all examples and judged on all of them. */
  #equals({ parts, expression, thresholds }: EqualsStatement): boolean {
    const numbers = this.#examples.map(({ ids, features, positions }) => {
      return Number(evaluateExpression(expression, { tokens: ids.map(String), features, positions }));
    });
    const centre = average(numbers);
    const spread = average(numbers.map((e) => (e - centre) ** 2));
    if (spread === 0) return false;
    const fits = parts.map((part) => {
      const rows = this.#examples.map((_, x) => this.#runs.values(part, x));
      return rows[0]!.map((_, j) => {
        const mean = average(rows.map((row) => row[j]!));
        const slope = average(rows.map((row, x) => (numbers[x]! - centre) * (row[j]! - mean))) / spread;
        return (e: number) => mean + slope * (e - centre);
      });
    });
    const own = this.#examples.map((_, x) => ({ x, y: x }));
    const replaced = this.#runs.remember(JSON.stringify([parts, expression]), own, [], () => (site, value) => {
      const here = parts.map((part, k) => ({ part, fit: fits[k]! })).filter(({ part }) => part.site === site);
      if (here.length === 0) return value;
      const data = value.dataSync<"float32">().slice();
      const [width, tokens] = value.shape;
      for (const { part, fit } of here) {
        const chosen = part.channels === "all" ? Array.from({ length: width }, (_, c) => c) : part.channels;
        own.forEach(({ x }) => {
          const t = this.#at(x, part.position);
          chosen.forEach((c, j) => (data[c * tokens + x * this.#runs.seq + t] = fit[j]!(numbers[x]!)));
        });
      }
      return tf.tensor2d(data, value.shape);
    });
    const any = this.#mean(this.#runs.swapParts(parts), (pair) => this.#effect(pair));
    const V = any / this.#scale;
    return V >= 0.01 && this.#mean(replaced, (pair) => this.#effect(pair)) / any <= thresholds.r;
  }

  /** U: what the nodes outside a circuit change, against a whole other prompt. */
  #unexplained({ circuit }: SufficientStatement): number {
    const swapped = this.#runs.swapOutside(circuit);
    const own = this.#mean(swapped, ({ x, after }) => divergence(this.#runs.answers[x]!, after));
    return own / this.#mean(swapped, ({ x, y }) => divergence(this.#runs.answers[x]!, this.#runs.answers[y]!));
  }

  /** Transfer of y's whole prompt with the values along the path from x. */
  #rest(statement: CopiesStatement): number {
    const turned = this.#runs.swapPath(statement).map(({ x, y, after }) => ({ x: y, y: x, after, moved: [] }));
    return this.#figures(turned, statement.feature).transfer ?? NaN;
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
    const lean = (x: number, after: readonly number[], answer: number) => this.#lean(x, after, answer);
    const shift = (after: (pair: Swapped) => readonly number[]) =>
      this.#mean(
        diagnostic.map(({ pair }) => pair),
        (pair) => {
          const answer = this.#predicted(pair, feature)!;
          return lean(pair.x, after(pair), answer) - lean(pair.x, this.#runs.answers[pair.x]!, answer);
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
        diagnostic.length > 0 && { transfer: shift(({ after }) => after) / shift(({ y }) => this.#runs.answers[y]!) }),
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
          values[
            (head * this.#runs.seq + this.#at(x, key)) * xs.length * this.#runs.seq +
              row * this.#runs.seq +
              this.#at(x, query)
          ]!,
      );
    const all = this.#examples.map((_, x) => x);
    const mass = masses(this.#runs.clean.get(pattern)!.values, all);
    const other = this.#runs
      .pairs(() => true)
      .flatMap(({ x, y }) => all.slice(0, this.#runs.seq).map((t) => ({ x, y, t })))
      .filter(({ y, t }, i) => t !== this.#at(y, key) && i % 41 === 0);
    let seen: number[] = [];
    const references = other.map(({ x }) => x);
    this.#runs.run(references, (site, value) => {
      if (site === pattern) seen = masses(value.dataSync<"float32">(), references);
      if (site !== siteAt(layer, "attn.k")) return value;
      const data = value.dataSync<"float32">().slice();
      const tokens = value.shape[1];
      const clean = this.#runs.clean.get(site)!.values;
      other.forEach(({ x, y, t }, row) => {
        for (const c of channels) {
          data[c * tokens + row * this.#runs.seq + this.#at(x, key)] =
            clean[c * all.length * this.#runs.seq + y * this.#runs.seq + t]!;
        }
      });
      return tf.tensor2d(data, value.shape);
    });
    const fall = average(other.map(({ x }, row) => mass[x]! - seen[row]!));
    const row: SitePart = { site: siteAt(layer, "attn.y"), channels, position: query };
    const V = this.#mean(this.#runs.swapParts([row]), (pair) => this.#effect(pair)) / this.#scale;
    return average(mass) >= thresholds.mass && fall >= 0.01 && V >= 0.01;
  }

  #routing({ layer, heads, from, to }: CopiesStatement): SitePart[] {
    const channels = this.#runs.channelsOf(heads);
    return [
      { site: siteAt(layer, "attn.q"), channels, position: to },
      { site: siteAt(layer, "attn.k"), channels, position: from },
    ];
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
    const [index, ...more] = this.#runs.tokens(x, position);
    if (index === undefined || more.length > 0) throw new Error("Single positions only.");
    return index;
  }

  /** How far answers lean to one that is not the example's own. */
  #lean(x: number, after: readonly number[], answer: number): number {
    const own = this.#examples[x]!.answer;
    if (this.#task.numeric) return after[0]! * Math.sign(answer - own);
    return after[this.#slot(answer)]! - after[this.#slot(own)]!;
  }

  #effect({ x, after }: Pick<Swapped, "x" | "after">): number {
    return after.reduce((sum, value, i) => sum + (value - this.#runs.answers[x]![i]!) ** 2, 0);
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

function divergence(p: readonly number[], q: readonly number[]): number {
  if (p.length === 1) return (p[0]! - q[0]!) ** 2;
  const logs = (values: readonly number[]) => {
    const total = Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
    return values.map((value) => value - total);
  };
  const [a, b] = [logs(p), logs(q)];
  return a.reduce((sum, value, i) => sum + Math.exp(value) * (value - b[i]!), 0);
}
