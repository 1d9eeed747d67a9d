import { didYouMean } from "@filigree/sites";
import type { ExpectedVerdict, Statement } from "../hypothesis.ts";
import type { Expectation, Text } from "../syntax/tree.ts";
import { fraction } from "./numbers.ts";
import type { Report } from "./report.ts";

export type StatementKind = Statement["kind"];
type Side = ">=" | "<=";

/** The figures that decide each statement, and on which side of its bound each passes. */
const FIGURES: Readonly<Record<StatementKind, ReadonlyMap<string, Side>>> = {
  carries: new Map([
    ["r", "<="],
    ["transfer", ">="],
    ["change", ">="],
  ]),
  contains: new Map([
    ["transfer", ">="],
    ["change", ">="],
  ]),
  ignores: new Map([["V", "<="]]),
  computes: new Map([
    ["r", "<="],
    ["V", ">="],
  ]),
  equals: new Map([["r", "<="]]),
  copies: new Map([
    ["transfer", ">="],
    ["r", "<="],
    ["control", "<="],
    ["rest", "<="],
  ]),
  attends: new Map([["mass", ">="]]),
  sufficient: new Map([["U", "<="]]),
  affects: new Map([["V", ">="]]),
  "does not affect": new Map([["V", "<="]]),
  necessary: new Map([["V", ">="]]),
  complete: new Map([["gap", "<="]]),
  minimal: new Map(),
};

const LONG_NAMES = new Map([["unexplained", "U"]]);
const REPORTED_ONLY = ["recovered", "agreement", "freedom"];
const VERDICTS: readonly string[] = ["supported", "refuted", "not supported"] satisfies ExpectedVerdict[];

/** The bounds that a claim states for one of its statements. */
export interface StatedBounds {
  /** By figure. */
  readonly bounds: Readonly<Record<string, number>>;
  /** As written. */
  readonly stated: readonly string[];
}

const NOTHING_STATED: StatedBounds = { bounds: {}, stated: [] };

/** What the `expect` clauses of a claim say. */
export class Expectations {
  readonly verdict: ExpectedVerdict;
  readonly #kinds: readonly StatementKind[];
  readonly #bounds = new Map<string, { bound: number; written: string }>();
  readonly #report: Report;

  /** @param kinds the statements of the claim; a figure has to belong to one of them */
  constructor(clauses: readonly Expectation[], kinds: readonly StatementKind[], source: string, report: Report) {
    this.#kinds = kinds;
    this.#report = report;
    let verdict: ExpectedVerdict | undefined;
    for (const clause of clauses) {
      if (clause.kind === "figure") this.#readBound(clause, source);
      else if (verdict === undefined) verdict = this.#readVerdict(clause.verdict);
      else report.error("repeated-expectation", clause.span, `this claim is already expected to be ${verdict}`);
    }
    this.verdict = verdict ?? "supported";
  }

  of(kind: StatementKind): StatedBounds {
    if (this.#bounds.size === 0) return NOTHING_STATED;
    const bounds: Record<string, number> = {};
    const stated: string[] = [];
    for (const [figure, { bound, written }] of this.#bounds) {
      if (!FIGURES[kind].has(figure)) continue;
      bounds[figure] = bound;
      stated.push(written);
    }
    return { bounds, stated };
  }

  #readBound({ figure: said, comparison, value, span }: Expectation & { kind: "figure" }, source: string): void {
    const figure = LONG_NAMES.get(said.text) ?? said.text;
    const side = this.#sideOf(figure);
    if (side === undefined) return this.#unknownFigure(said);
    if (this.#bounds.has(figure)) {
      return this.#report.error("repeated-expectation", span, `${said.text} already has a bound`);
    }
    if (comparison !== side) {
      const bound = side === ">=" ? "a lower bound" : "an upper bound";
      const hint = `write ${said.text} ${side} ${source.slice(value.span.start, value.span.end)}`;
      return this.#report.error("wrong-direction", span, `${said.text} has ${bound} here`, hint);
    }
    const bound = fraction(value, `the bound of ${said.text}`, this.#report);
    if (bound === undefined) return;
    this.#bounds.set(figure, { bound, written: source.slice(span.start, span.end).replace(/\s+/g, " ") });
  }

  #readVerdict({ text, span }: Text): ExpectedVerdict | undefined {
    if (VERDICTS.includes(text)) return text as ExpectedVerdict;
    const side = this.#sideOf(LONG_NAMES.get(text) ?? text);
    if (side !== undefined) {
      return this.#report.error(
        "unknown-expectation",
        span,
        `${text} needs a bound`,
        `write ${text} ${side} and a number`,
      );
    }
    const hint = didYouMean(text, [...VERDICTS, ...this.#figures()]) ?? `expect one of: ${VERDICTS.join(", ")}`;
    return this.#report.error("unknown-expectation", span, `"${text}" cannot be expected`, hint);
  }

  #unknownFigure({ text, span }: Text): void {
    const names = this.#figures();
    const hint = REPORTED_ONLY.includes(text)
      ? `${text} is reported but never decides; it has: ${names.join(", ")}`
      : (didYouMean(text, names) ?? `it has: ${names.join(", ")}`);
    this.#report.error("unknown-figure", span, `"${this.#kinds.join(" and ")}" has no figure "${text}"`, hint);
  }

  /** No figure is on different sides in the statements that one claim can join. */
  #sideOf(figure: string): Side | undefined {
    const kind = this.#kinds.find((one) => FIGURES[one].has(figure));
    return kind && FIGURES[kind].get(figure);
  }

  #figures(): string[] {
    const names = this.#kinds.flatMap((kind) => [...FIGURES[kind].keys()]);
    return [...names, ...[...LONG_NAMES].filter(([, short]) => names.includes(short)).map(([long]) => long)];
  }
}
