import type { Expression, FeatureDefinition, Position, PositionDefinition } from "../hypothesis.ts";
import type { Text } from "../syntax/tree.ts";
import type { Report } from "./report.ts";

/** A definition on its way into the hypothesis. */
interface Resolved<Definition> {
  readonly value: Definition;
  readonly item: { readonly name: Text };
  readonly report: Report;
}

/**
 * Definitions in an order in which each needs only earlier ones, else in the order of the file. One that needs itself
 * is reported and left out, with all that need it.
 */
export function inOrder<Definition extends FeatureDefinition | PositionDefinition>(
  definitions: readonly Resolved<Definition>[],
): Definition[] {
  const byName = new Map(definitions.map((definition) => [definition.value.name, definition]));
  const missing = new Map<Resolved<Definition>, number>();
  const needers = new Map<Resolved<Definition>, Resolved<Definition>[]>();
  for (const definition of definitions) {
    const needs = [...needsOf(definition.value)].flatMap((name) => byName.get(name) ?? []);
    missing.set(definition, needs.length);
    for (const needed of needs) needers.set(needed, [...(needers.get(needed) ?? []), definition]);
  }
  const ordered = definitions.filter((definition) => missing.get(definition) === 0);
  for (const definition of ordered) {
    for (const needer of needers.get(definition) ?? []) {
      missing.set(needer, missing.get(needer)! - 1);
      if (missing.get(needer) === 0) ordered.push(needer);
    }
  }
  if (ordered.length < definitions.length) reportCircle(definitions, byName, new Set(ordered));
  return ordered.map(({ value }) => value);
}

function reportCircle<Definition extends FeatureDefinition | PositionDefinition>(
  definitions: readonly Resolved<Definition>[],
  byName: ReadonlyMap<string, Resolved<Definition>>,
  ordered: ReadonlySet<Resolved<Definition>>,
): void {
  const seen = new Set<Resolved<Definition>>();
  let at = definitions.find((definition) => !ordered.has(definition))!;
  // What is left over needs something that is left over too: following it ends in a circle.
  while (!seen.has(at)) {
    seen.add(at);
    at = [...needsOf(at.value)].flatMap((name) => byName.get(name) ?? []).find((needed) => !ordered.has(needed))!;
  }
  const { text, span } = at.item.name;
  at.report.error("circular-name", span, `"${text}" is defined by itself`);
}

/** Names of features that a feature needs, or of positions that a position needs. */
function needsOf(definition: FeatureDefinition | PositionDefinition): Set<string> {
  const names = new Set<string>();
  if ("expression" in definition) addFeatures(definition.expression, names);
  else {
    const { rule } = definition;
    const positions = rule.kind === "offset" ? [rule.from] : [rule.after, rule.before];
    for (const position of positions) addPosition(position, names);
  }
  return names;
}

function addPosition(position: Position | undefined, names: Set<string>): void {
  if (position?.kind === "named") names.add(position.name);
}

function addFeatures(expression: Expression, names: Set<string>): void {
  switch (expression.kind) {
    case "feature":
      names.add(expression.name);
      break;
    case "unary":
    case "matches":
      addFeatures(expression.operand, names);
      break;
    case "binary":
      addFeatures(expression.left, names);
      addFeatures(expression.right, names);
      break;
    case "if":
      addFeatures(expression.condition, names);
      addFeatures(expression.consequence, names);
      addFeatures(expression.otherwise, names);
      break;
    default:
  }
}
