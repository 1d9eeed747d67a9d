import type { ExpressionType } from "../environment.ts";
import type { BinaryOperator, Expression, PositionRule, TokenPattern } from "../hypothesis.ts";
import { parseRegex } from "../pattern/parse-regex.ts";
import type { ExpressionTree, PatternTree, PositionRuleTree, StretchTree } from "../syntax/expression-tree.ts";
import type { Names } from "./names.ts";
import type { Report } from "./report.ts";

/** An expression with the type of its values; `unknown` where only the task's data could tell. */
export interface TypedExpression {
  readonly expression: Expression;
  readonly type: ExpressionType | "unknown";
}

/** What an expression is asked to be. `number` takes whole numbers too. */
export type Wanted = ExpressionType;

/** The word for each type in a file and in messages. */
export const TYPE_NAMES: Readonly<Record<ExpressionType, string>> = {
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  text: "a text",
};

/** Checks expressions. Each method returns undefined where it reported an error. */
export class ExpressionChecker {
  readonly #names: Names;
  readonly #report: Report;

  constructor(names: Names, report: Report) {
    this.#names = names;
    this.#report = report;
  }

  /** An expression of one type. @param why what asks for it, for the message: "a condition" */
  typed(tree: ExpressionTree, wanted: Wanted, why: string): Expression | undefined {
    const checked = this.check(tree);
    if (checked === undefined || fits(checked.type, wanted)) return checked?.expression;
    const halves = wanted === "int" && checked.type === "number";
    const hint = halves ? "`/` may give a fraction, and so may a number with a point" : typeHint(checked.type, wanted);
    const found = TYPE_NAMES[checked.type as ExpressionType];
    return this.#report.error("wrong-type", tree.span, `${why} is ${TYPE_NAMES[wanted]}; this is ${found}`, hint);
  }

  check(tree: ExpressionTree): TypedExpression | undefined {
    switch (tree.kind) {
      case "literal":
        if (tree.value === Infinity) return this.#report.error("wrong-number", tree.span, "this number is too large");
        return { expression: { kind: "literal", value: tree.value }, type: typeOfValue(tree.value) };
      case "feature": {
        const feature = this.#names.feature(tree.name, this.#report);
        return feature && { expression: { kind: "feature", name: feature.name }, type: feature.type ?? "unknown" };
      }
      case "token": {
        const at = this.#names.place(tree.at, this.#report);
        return at && { expression: { kind: "token", at }, type: "text" };
      }
      case "index": {
        const of = this.#names.place(tree.at, this.#report);
        return of && { expression: { kind: "index", of }, type: "int" };
      }
      case "count": {
        const [tokens, stretch] = [this.pattern(tree.tokens), this.#stretch(tree)];
        return tokens && stretch && { expression: { kind: "count", tokens, ...stretch }, type: "int" };
      }
      case "length":
        return { expression: { kind: "length" }, type: "int" };
      case "matches": {
        const operand = this.typed(tree.operand, "text", "what is matched");
        const pattern = this.pattern(tree.pattern);
        return operand && pattern && { expression: { kind: "matches", operand, pattern }, type: "boolean" };
      }
      case "unary":
        return this.#unary(tree);
      case "binary":
        return this.#binary(tree);
      case "if":
        return this.#if(tree);
    }
  }

  pattern(tree: PatternTree): TokenPattern | undefined {
    if (tree.kind === "exactly") return { kind: "exactly", text: tree.text };
    const read = parseRegex(tree.source);
    if ("tree" in read) return { kind: "regex", source: tree.source };
    const { message, hint, start, end } = read.fault;
    // The source begins after the slash.
    const from = tree.span.start + 1;
    const span = {
      ...tree.span,
      start: from + start,
      end: Math.max(from + end, from + start + 1),
      column: tree.span.column + 1 + start,
    };
    return this.#report.error("wrong-pattern", span, message, hint);
  }

  rule(tree: PositionRuleTree): PositionRule | undefined {
    if (tree.kind === "offset") {
      const from = this.#names.place(tree.from, this.#report);
      if (Number.isSafeInteger(tree.by)) return from && { kind: "offset", from, by: tree.by };
      return this.#report.error("wrong-number", tree.span, "a distance is a whole number of tokens");
    }
    const [tokens, stretch] = [this.pattern(tree.tokens), this.#stretch(tree)];
    return tokens && stretch && { kind: tree.kind, tokens, ...stretch };
  }

  #stretch(tree: StretchTree): Pick<Expression & { kind: "count" }, "after" | "before"> | undefined {
    const after = tree.after && this.#names.place(tree.after, this.#report);
    const before = tree.before && this.#names.place(tree.before, this.#report);
    if ((tree.after && !after) || (tree.before && !before)) return undefined;
    return { ...(after && { after }), ...(before && { before }) };
  }

  #unary({ operator, operand: inner }: ExpressionTree & { kind: "unary" }): TypedExpression | undefined {
    if (operator === "not") {
      const operand = this.typed(inner, "boolean", "what `not` turns round");
      return operand && { expression: { kind: "unary", operator, operand }, type: "boolean" };
    }
    const number = this.#number(inner, operator);
    return number && { expression: { kind: "unary", operator, operand: number.expression }, type: number.type };
  }

  #binary({ operator: said, left, right }: ExpressionTree & { kind: "binary" }): TypedExpression | undefined {
    const operator = OPERATORS.get(said.text);
    if (operator === undefined) {
      return this.#report.error("syntax", said.span, `"${said.text}" compares nothing here`, "write == for equality");
    }
    const expressionOf = (a: Expression | undefined, b: Expression | undefined): Expression | undefined =>
      a && b && { kind: "binary", operator, left: a, right: b };
    if (operator === "and" || operator === "or") {
      const [a, b] = [left, right].map((side) => this.typed(side, "boolean", `a side of \`${operator}\``));
      const expression = expressionOf(a, b);
      return expression && { expression, type: "boolean" };
    }
    if (operator === "==" || operator === "!=") {
      const [a, b] = [this.check(left), this.check(right)];
      if (a === undefined || b === undefined) return undefined;
      if (!comparable(a.type, b.type)) return this.#unlike(right, a.type, b.type);
      return { expression: expressionOf(a.expression, b.expression)!, type: "boolean" };
    }
    const [a, b] = [this.#number(left, said.text), this.#number(right, said.text)];
    const expression = expressionOf(a?.expression, b?.expression);
    if (expression === undefined) return undefined;
    if (ORDERS.has(operator)) return { expression, type: "boolean" };
    if (operator === "/" || a!.type === "number" || b!.type === "number") return { expression, type: "number" };
    // Whether a number that is not known is whole is not known either.
    return { expression, type: a!.type === "int" && b!.type === "int" ? "int" : "unknown" };
  }

  #if({ condition, consequence, otherwise }: ExpressionTree & { kind: "if" }): TypedExpression | undefined {
    const test = this.typed(condition, "boolean", "a condition");
    const [a, b] = [this.check(consequence), this.check(otherwise)];
    if (test === undefined || a === undefined || b === undefined) return undefined;
    if (!comparable(a.type, b.type)) return this.#unlike(otherwise, a.type, b.type);
    const expression: Expression = { kind: "if", condition: test, consequence: a.expression, otherwise: b.expression };
    if (a.type === b.type) return { expression, type: a.type };
    // Where one side is not known, the data decide; a whole number beside another is a number.
    return { expression, type: a.type === "unknown" || b.type === "unknown" ? "unknown" : "number" };
  }

  #number(tree: ExpressionTree, operator: string): TypedExpression | undefined {
    const checked = this.check(tree);
    if (checked === undefined) return undefined;
    const { type } = checked;
    if (type !== "boolean" && type !== "text") return checked;
    const message = `\`${operator}\` is for numbers; this is ${TYPE_NAMES[type]}`;
    return this.#report.error("wrong-type", tree.span, message, typeHint(type, "number"));
  }

  #unlike(tree: ExpressionTree, a: TypedExpression["type"], b: TypedExpression["type"]): undefined {
    const [first, second] = [TYPE_NAMES[a as ExpressionType], TYPE_NAMES[b as ExpressionType]];
    return this.#report.error("wrong-type", tree.span, `this is ${second}, beside ${first}`, "both have to be alike");
  }
}

const ORDERS = new Set<BinaryOperator>(["<", "<=", ">", ">="]);
const OPERATORS = new Map<string, BinaryOperator>([
  ...(["+", "-", "*", "/", "mod", "min", "max", "==", "!=", "<", "<=", ">", ">=", "and", "or"] as const).map(
    (operator): [string, BinaryOperator] => [operator, operator],
  ),
  ["≤", "<="],
  ["≥", ">="],
  ["≠", "!="],
]);

function typeOfValue(value: number | boolean | string): ExpressionType {
  if (typeof value === "number") return Number.isSafeInteger(value) ? "int" : "number";
  return typeof value === "boolean" ? "boolean" : "text";
}

function fits(type: TypedExpression["type"], wanted: Wanted): boolean {
  return type === "unknown" || type === wanted || (type === "int" && wanted === "number");
}

function comparable(a: TypedExpression["type"], b: TypedExpression["type"]): boolean {
  const kin = (type: TypedExpression["type"]): string => (type === "int" ? "number" : type);
  return a === "unknown" || b === "unknown" || kin(a) === kin(b);
}

function typeHint(found: TypedExpression["type"], wanted: Wanted): string | undefined {
  if (found === "boolean" && wanted !== "text") return "a number of it: if … then 1 else 0";
  return wanted === "boolean" ? "compare it with something: … == …" : undefined;
}
