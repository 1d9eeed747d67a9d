import { didYouMean } from "@filigree/sites";
import type { ExpressionType, TaskFeature, TaskNames } from "../environment.ts";
import type { FeatureDefinition, PositionDefinition } from "../hypothesis.ts";
import type { FeatureItem, Item, Let, Name, PositionItem, Text } from "../syntax/tree.ts";
import { inOrder } from "./dependencies.ts";
import { ExpressionChecker } from "./expressions.ts";
import { COMMON_POSITIONS, Names, plainName } from "./names.ts";
import type { Report } from "./report.ts";
import type { Sources } from "./sources.ts";

/** A definition, and the file that it stands in. */
export interface Defined<Definition> {
  readonly item: Definition;
  readonly report: Report;
}

/** The definitions of a file and of what it imports, by their plain names. */
export interface Definitions {
  readonly lets: ReadonlyMap<string, Defined<Let>>;
  readonly features: ReadonlyMap<string, Defined<FeatureItem>>;
  readonly positions: ReadonlyMap<string, Defined<PositionItem>>;
  readonly nuisances: readonly (Defined<Name> & { readonly imported: boolean })[];
  readonly broken: ReadonlySet<string>;
  readonly complete: boolean;
}

/** Finds all definitions; a name that is given twice is reported. */
export function findDefinitions({ files, complete }: Sources, task: TaskNames | undefined): Definitions {
  const lets = new Map<string, Defined<Let>>();
  const features = new Map<string, Defined<FeatureItem>>();
  const positions = new Map<string, Defined<PositionItem>>();
  const nuisances: (Defined<Name> & { readonly imported: boolean })[] = [];
  const main = files.at(-1);
  const broken = new Set<string>();
  const taken = {
    feature: new Set(task?.features.map(({ name }) => plainName(name))),
    position: new Set([...COMMON_POSITIONS, ...(task?.positions ?? [])].map(plainName)),
  };
  for (const source of files) {
    const { tree, report } = source;
    for (const item of tree.items) {
      switch (item.kind) {
        case "let":
          define(lets, item, report);
          break;
        case "feature":
          if (taken.feature.has(plainName(item.name.text))) alreadyTaken(item.name, "feature", report);
          else define(features, item, report);
          break;
        case "position":
          if (taken.position.has(plainName(item.name.text))) alreadyTaken(item.name, "position", report);
          else define(positions, item, report);
          break;
        case "nuisance":
          nuisances.push(...item.names.map((name) => ({ item: name, report, imported: source !== main })));
          break;
        case "broken":
          if (item.name !== undefined) broken.add(plainName(item.name));
          break;
        default:
      }
    }
  }
  return { lets, features, positions, nuisances, broken, complete };
}

/** The lets of a rival, which nobody else sees. */
export function findLets(items: readonly Item[], report: Report): Pick<Definitions, "lets" | "broken"> {
  const lets = new Map<string, Defined<Let>>();
  const broken = new Set<string>();
  for (const item of items) {
    if (item.kind === "let") define(lets, item, report);
    else if (item.kind === "broken" && item.name !== undefined) broken.add(plainName(item.name));
  }
  return { lets, broken };
}

function define<Definition extends { readonly name: Text }>(
  into: Map<string, Defined<Definition>>,
  item: Definition,
  report: Report,
): void {
  const { text, span } = item.name;
  const name = plainName(text);
  const before = into.get(name);
  if (name === "") report.error("syntax", span, "a name cannot be empty");
  else if (before === undefined) into.set(name, { item, report });
  else {
    const place = `${before.report.file}:${before.item.name.span.line}`;
    report.error("repeated-name", span, `"${text}" is defined twice`, `the other definition is at ${place}`);
  }
}

function alreadyTaken({ text, span }: Name, what: "feature" | "position", report: Report): void {
  const owner = what === "position" && COMMON_POSITIONS.includes(plainName(text)) ? "every task" : "the task";
  report.error("repeated-name", span, `${owner} already has a ${what} "${text}"`, "take another name");
}

/** What the definitions of features and positions mean. */
export interface ResolvedDefinitions {
  readonly names: Names;
  readonly features: readonly FeatureDefinition[];
  readonly positions: readonly PositionDefinition[];
  /** The task's own features that are marked. */
  readonly nuisances: readonly string[];
}

/** Checks what features and positions are defined by. */
export function resolveDefinitions(definitions: Definitions, task: TaskNames | undefined): ResolvedDefinitions {
  const { broken, complete } = definitions;
  const known = { positions: [...definitions.positions.keys()], broken, complete };
  const places = new Names(task, { features: [], ...known });
  const own = [...definitions.features.values()].map((defined) => declare(defined, places));
  const names = new Names(task, { features: own.map(({ declared }) => declared), ...known });
  const ownNames = new Set(own.map(({ declared }) => declared.name));
  const marked = new Set<string>();
  for (const { item, report, imported } of definitions.nuisances) {
    const feature = names.feature(item, report);
    // What should not matter of the task is for each file to say: an import brings no such thing unseen.
    if (feature !== undefined && (!imported || ownNames.has(feature.name))) marked.add(feature.name);
  }
  const features = own.flatMap(({ item, report, declared }) => {
    const { name, anchor, type } = declared;
    const checker = new ExpressionChecker(names, report);
    const expression =
      type === undefined
        ? checker.check(item.expression)?.expression
        : checker.typed(item.expression, type, `"${name}"`);
    if (expression === undefined || type === undefined || (item.anchor && anchor === undefined)) return [];
    const nuisance = item.nuisance || marked.has(name);
    const value: FeatureDefinition = { name, nuisance, expression, ...(anchor !== undefined && { anchor }) };
    return [{ value, item, report }];
  });
  const positions = [...definitions.positions.values()].flatMap(({ item, report }) => {
    const rule = new ExpressionChecker(names, report).rule(item.rule);
    const value = rule && ({ name: plainName(item.name.text), rule } satisfies PositionDefinition);
    return value === undefined ? [] : [{ value, item, report }];
  });
  return {
    names,
    features: inOrder(features),
    positions: inOrder(positions),
    nuisances: [...marked].filter((name) => !ownNames.has(name)),
  };
}

/** What a feature says of itself before its expression: enough for others to speak of it. */
function declare(
  { item, report }: Defined<FeatureItem>,
  places: Names,
): Defined<FeatureItem> & { readonly declared: TaskFeature } {
  const type = TYPES.get(item.type.text);
  if (type === undefined) {
    const hint = didYouMean(item.type.text, [...TYPES.keys()]) ?? "it is int, bool or text";
    report.error("unknown-type", item.type.span, `there is no type "${item.type.text}"`, hint);
  }
  const at = item.anchor && places.position(item.anchor, report);
  if (at !== undefined && at.kind !== "named") {
    const hint = `define one: position NAME = ${at.kind === "index" ? at.index : "…"}`;
    report.error("wrong-position", item.anchor!.span, "a feature is shown at a position that has a name", hint);
  }
  const anchor = at?.kind === "named" ? at.name : undefined;
  const name = plainName(item.name.text);
  const declared = { name, nuisance: item.nuisance, ...(anchor !== undefined && { anchor }), ...(type && { type }) };
  return { item, report, declared };
}

/** The words for the types that a feature can have. */
const TYPES = new Map<string, ExpressionType>([
  ["int", "int"],
  ["bool", "boolean"],
  ["text", "text"],
]);
