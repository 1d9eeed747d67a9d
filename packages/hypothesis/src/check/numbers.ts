import type { DiagnosticCode } from "../diagnostic.ts";
import type { IndexList, NumberLiteral } from "../syntax/tree.ts";
import type { Report } from "./report.ts";

/** The value of a literal that has to be a whole number. */
export function wholeNumber(literal: NumberLiteral, least: number, report: Report): number | undefined {
  if (!literal.percent && Number.isSafeInteger(literal.value) && literal.value >= least) return literal.value;
  return report.error("wrong-number", literal.span, `expected a whole number from ${least}`);
}

/** The value of a literal that has to lie between 0 and 1, both ends excluded: at an end nothing is left to test. */
export function fraction(literal: NumberLiteral, what: string, report: Report): number | undefined {
  const { value, percent, span } = literal;
  if (value > 0 && value < 1) return value;
  const hint = !percent && value > 1 && value < 100 ? `did you mean ${value}%?` : undefined;
  return report.error("wrong-number", span, `${what} lies between 0 and 1 (0% and 100%), both excluded`, hint);
}

/** Something that is counted from 0: the heads of a layer, the channels of a site. */
export interface Counted {
  /** How many there are; undefined where the model is not known. */
  readonly count: number | undefined;
  readonly singular: string;
  readonly plural: string;
  /** What has them. */
  readonly owner: string;
  readonly code: DiagnosticCode;
}

/** Above every index of a real model; keeps an absurd range from filling the memory where the model is not known. */
const UNKNOWN_COUNT = 65_536;

/** The indices of a list, ascending, each once. */
export function indicesOf(list: IndexList, counted: Counted, report: Report): number[] | undefined {
  const { count = UNKNOWN_COUNT, singular, plural, owner, code } = counted;
  const ranges: [from: number, to: number][] = [];
  for (const { first, last, span } of list.ranges) {
    const [from, to] = [wholeNumber(first, 0, report), wholeNumber(last, 0, report)];
    if (from === undefined || to === undefined) return undefined;
    if (from > to) return report.error("wrong-number", span, "the range runs backwards", `write ${to}-${from}`);
    if (to >= count) {
      const known = count === 1 ? `one ${singular}: 0` : `${count} ${plural}: 0 to ${count - 1}`;
      return report.error(code, span, `there is no ${singular} ${to} in ${owner}`, `${owner} has ${known}`);
    }
    ranges.push([from, to]);
  }
  const indices: number[] = [];
  let next = 0;
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0])) {
    for (let index = Math.max(from, next); index <= to; index++) indices.push(index);
    next = Math.max(next, to + 1);
  }
  return indices;
}
