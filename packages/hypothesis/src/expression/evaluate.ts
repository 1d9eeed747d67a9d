import type { BinaryOperator, Expression, Position, PositionRule, TokenPattern } from "../hypothesis.ts";
import { matcherOf } from "../pattern/matcher.ts";

/** What an expression is a function of: one example. */
export interface ExpressionSubject {
  /** The text of each token. */
  readonly tokens: readonly string[];
  readonly features: Readonly<Record<string, ExpressionValue>>;
  /** Index of each named position that the example has. `first` needs no entry. */
  readonly positions: Readonly<Record<string, number>>;
}

export type ExpressionValue = number | boolean | string;

/**
 * The value of an expression in one example. Pure and total.
 *
 * @returns undefined where the example has none: it lacks a position or a feature, a number would be divided by zero
 * or grow beyond all numbers, or a feature is not of the type that the checker took it for.
 */
export function evaluateExpression(expression: Expression, subject: ExpressionSubject): ExpressionValue | undefined {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "feature":
      return Object.hasOwn(subject.features, expression.name) ? subject.features[expression.name] : undefined;
    case "token": {
      const index = findPlace(expression.at, subject);
      return index === undefined ? undefined : subject.tokens[index];
    }
    case "index":
      return findPlace(expression.of, subject);
    case "count":
      return count(expression, subject);
    case "length":
      return subject.tokens.length;
    case "matches": {
      const text = evaluateExpression(expression.operand, subject);
      return typeof text === "string" ? matcherFor(expression.pattern)(text) : undefined;
    }
    case "unary":
      return unary(expression.operator, evaluateExpression(expression.operand, subject));
    case "binary":
      return binary(expression, subject);
    case "if": {
      const condition = evaluateExpression(expression.condition, subject);
      if (typeof condition !== "boolean") return undefined;
      return evaluateExpression(condition ? expression.consequence : expression.otherwise, subject);
    }
  }
}

/** Where a position that the file defines lies in one example; undefined where it has none. */
export function findPosition(rule: PositionRule, subject: ExpressionSubject): number | undefined {
  if (rule.kind === "offset") {
    const from = findPlace(rule.from, subject);
    return from === undefined ? undefined : within(from + rule.by, subject);
  }
  const stretch = stretchOf(rule, subject);
  if (stretch === undefined) return undefined;
  const [start, end] = stretch;
  const matches = matcherFor(rule.tokens);
  for (let step = 0; step < end - start; step++) {
    const index = rule.kind === "first" ? start + step : end - 1 - step;
    if (matches(subject.tokens[index]!)) return index;
  }
  return undefined;
}

function findPlace(position: Position, subject: ExpressionSubject): number | undefined {
  switch (position.kind) {
    case "index":
      return within(position.index, subject);
    case "named":
      if (position.name === "first") return within(0, subject);
      return Object.hasOwn(subject.positions, position.name)
        ? within(subject.positions[position.name]!, subject)
        : undefined;
    case "all":
      return undefined;
  }
}

function within(index: number, { tokens }: ExpressionSubject): number | undefined {
  return index >= 0 && index < tokens.length ? index : undefined;
}

/** The first index and the one after the last; undefined where a bound is missing. */
function stretchOf(
  { after, before }: { readonly after?: Position; readonly before?: Position },
  subject: ExpressionSubject,
): [number, number] | undefined {
  const start = after === undefined ? -1 : findPlace(after, subject);
  const end = before === undefined ? subject.tokens.length : findPlace(before, subject);
  return start === undefined || end === undefined ? undefined : [start + 1, end];
}

function count(expression: Expression & { kind: "count" }, subject: ExpressionSubject): number | undefined {
  const stretch = stretchOf(expression, subject);
  if (stretch === undefined) return undefined;
  const matches = matcherFor(expression.tokens);
  let found = 0;
  for (let index = stretch[0]; index < stretch[1]; index++) if (matches(subject.tokens[index]!)) found++;
  return found;
}

function unary(operator: "-" | "not" | "abs", value: ExpressionValue | undefined): ExpressionValue | undefined {
  if (operator === "not") return typeof value === "boolean" ? !value : undefined;
  if (typeof value !== "number") return undefined;
  return operator === "abs" ? Math.abs(value) : plain(-value);
}

function binary(
  { operator, left, right }: Expression & { kind: "binary" },
  subject: ExpressionSubject,
): ExpressionValue | undefined {
  const [a, b] = [evaluateExpression(left, subject), evaluateExpression(right, subject)];
  if (a === undefined || b === undefined || typeof a !== typeof b) return undefined;
  if (operator === "==") return a === b;
  if (operator === "!=") return a !== b;
  if (typeof a === "boolean" && typeof b === "boolean") {
    return operator === "and" ? a && b : operator === "or" ? a || b : undefined;
  }
  return typeof a === "number" && typeof b === "number" ? arithmetic(operator, a, b) : undefined;
}

function arithmetic(operator: BinaryOperator, a: number, b: number): ExpressionValue | undefined {
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
    case "+":
      return plain(a + b);
    case "-":
      return plain(a - b);
    case "*":
      return plain(a * b);
    case "/":
      return plain(a / b);
    case "mod":
      // With the sign of b, so that the parity of -1 is 1.
      return plain(a - b * Math.floor(a / b));
    case "min":
      return Math.min(a, b);
    case "max":
      return Math.max(a, b);
    default:
      return undefined;
  }
}

/** A number that is one, and never -0, which equals 0 but is written otherwise. */
function plain(value: number): number | undefined {
  return Number.isFinite(value) ? value + 0 : undefined;
}

/** Patterns are compiled once; examples are many. */
const compiled = new WeakMap<TokenPattern, (text: string) => boolean>();

function matcherFor(pattern: TokenPattern): (text: string) => boolean {
  let matcher = compiled.get(pattern);
  if (matcher === undefined) {
    matcher = matcherOf(pattern);
    compiled.set(pattern, matcher);
  }
  return matcher;
}
