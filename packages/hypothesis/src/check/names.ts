import { didYouMean } from "@filigree/sites";
import type { TaskFeature, TaskNames } from "../environment.ts";
import type { Position } from "../hypothesis.ts";
import type { Name, PositionTree } from "../syntax/tree.ts";
import { wholeNumber } from "./numbers.ts";
import type { Report } from "./report.ts";

/** Positions that every task has. */
export const COMMON_POSITIONS = ["first", "last", "all"];

/** What the file adds to the names of the task. */
export interface OwnNames {
  readonly features: readonly TaskFeature[];
  readonly positions: readonly string[];
  /** Names of definitions that could not be read: nobody else is blamed for their absence. */
  readonly broken: ReadonlySet<string>;
  /** Whether all definitions are known. */
  readonly complete: boolean;
}

/** The features and positions that a file may speak of. Where the task is not known, every name is taken as written. */
export class Names {
  readonly #features = new Map<string, TaskFeature>();
  readonly #positions = new Map<string, string>();
  readonly #open: boolean;
  readonly #broken: ReadonlySet<string>;

  constructor(task: TaskNames | undefined, own: OwnNames) {
    this.#open = task === undefined || !own.complete;
    this.#broken = own.broken;
    for (const feature of [...own.features, ...(task?.features ?? [])]) this.#features.set(feature.name, feature);
    for (const name of [...own.positions, ...(task?.positions ?? []), ...COMMON_POSITIONS]) {
      this.#positions.set(name, name);
    }
    // An exact match goes first.
    for (const feature of this.#features.values()) addIfNew(this.#features, plainName(feature.name), feature);
    for (const name of this.#positions.values()) addIfNew(this.#positions, plainName(name), name);
  }

  feature({ text, span }: Name, report: Report): TaskFeature | undefined {
    const found = this.#features.get(text) ?? this.#features.get(plainName(text));
    if (found !== undefined) return found;
    if (this.#open) return { name: text, nuisance: false };
    if (this.#broken.has(plainName(text))) return undefined;
    const names = [...new Set([...this.#features.values()].map(({ name }) => name))];
    return report.error("unknown-feature", span, `the task has no feature "${text}"`, offer(text, names, "feature"));
  }

  position(tree: PositionTree, report: Report): Position | undefined {
    if (tree.kind === "index") {
      const index = wholeNumber(tree.index, 0, report);
      return index === undefined ? undefined : { kind: "index", index };
    }
    const { text, span } = tree.name;
    const name = this.#positions.get(text) ?? this.#positions.get(plainName(text));
    if (name === "all") return { kind: "all" };
    if (name !== undefined) return { kind: "named", name };
    if (this.#open) return { kind: "named", name: text };
    if (this.#broken.has(plainName(text))) return undefined;
    const names = [...new Set(this.#positions.values())];
    return report.error("unknown-position", span, `the task has no position "${text}"`, offer(text, names, "position"));
  }

  /** A position that is one place, as opposed to `all`. */
  place(tree: PositionTree, report: Report): Position | undefined {
    const position = this.position(tree, report);
    if (position?.kind !== "all") return position;
    return report.error("wrong-position", tree.span, "`all` is not one place", "name a position, or give an index");
  }
}

export function describePosition(position: Position): string {
  if (position.kind === "named") return position.name;
  return position.kind === "index" ? String(position.index) : "all";
}

/** `quote type`, `quote_type` and `quote-type` are one name: this one. */
export function plainName(name: string): string {
  return name.trim().replace(/[-_\s]+/g, " ");
}

function addIfNew<Value>(map: Map<string, Value>, key: string, value: Value): void {
  if (!map.has(key)) map.set(key, value);
}

/** The nearest names; where none is near, all of them. */
function offer(name: string, names: readonly string[], what: string): string {
  return didYouMean(name, names) ?? (names.length === 0 ? `it has no ${what}s` : `it has: ${names.join(", ")}`);
}
