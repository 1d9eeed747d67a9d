import { didYouMean } from "@filigree/sites";
import type { TaskFeature, TaskNames } from "../environment.ts";
import type { Position } from "../hypothesis.ts";
import type { Name, PositionTree } from "../syntax/tree.ts";
import { wholeNumber } from "./numbers.ts";
import type { Report } from "./report.ts";

/** Positions that every task has. */
const COMMON_POSITIONS = ["first", "last", "all"];

/** The feature of the task that a name means. Without a task, the name as written. */
export function resolveFeature(name: Name, task: TaskNames | undefined, report: Report): TaskFeature | undefined {
  if (task === undefined) return { name: name.text, nuisance: false };
  const names = task.features.map((feature) => feature.name);
  const found = task.features.find((feature) => feature.name === sameName(name.text, names));
  if (found !== undefined) return found;
  return report.error(
    "unknown-feature",
    name.span,
    `the task has no feature "${name.text}"`,
    offer(name.text, names, "feature"),
  );
}

/** The position that was written. Without a task, named positions are taken as written. */
export function resolvePosition(tree: PositionTree, task: TaskNames | undefined, report: Report): Position | undefined {
  if (tree.kind === "index") {
    const index = wholeNumber(tree.index, 0, report);
    return index === undefined ? undefined : { kind: "index", index };
  }
  const { text, span } = tree.name;
  if (text === "all") return { kind: "all" };
  if (task === undefined) return { kind: "named", name: text };
  const names = [...task.positions, ...COMMON_POSITIONS];
  const name = sameName(text, names);
  if (name === "all") return { kind: "all" };
  if (name !== undefined) return { kind: "named", name };
  return report.error("unknown-position", span, `the task has no position "${text}"`, offer(text, names, "position"));
}

export function describePosition(position: Position): string {
  if (position.kind === "named") return position.name;
  return position.kind === "index" ? String(position.index) : "all";
}

/** `quote type`, `quote_type` and `quote-type` are one name; an exact match goes first. */
function sameName(name: string, names: readonly string[]): string | undefined {
  return names.find((candidate) => candidate === name) ?? names.find((candidate) => plain(candidate) === plain(name));
}

function plain(name: string): string {
  return name.trim().replace(/[-_\s]+/g, " ");
}

/** The nearest names; where none is near, all of them. */
function offer(name: string, names: readonly string[], what: string): string {
  return didYouMean(name, names) ?? (names.length === 0 ? `it has no ${what}s` : `it has: ${names.join(", ")}`);
}
