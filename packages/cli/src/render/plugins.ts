import type { Paint } from "./paint.ts";
import { pairs } from "./table.ts";

/** A sparsifier or a pruner and its options, for showing. */
export interface PluginSummary {
  readonly name: string;
  readonly version: string;
  readonly about: string;
  readonly options: readonly {
    readonly name: string;
    readonly about: string;
    readonly expected: string;
    readonly default?: unknown;
  }[];
}

/** Each plugin, and under it what its options are for. */
export function renderPlugins(plugins: readonly PluginSummary[], paint: Paint): string {
  return plugins
    .map(({ name, version, about, options }) => {
      const head = `${paint.bold(name)} ${paint.dim(version)}  ${about}`;
      if (options.length === 0) return head;
      const rows = options.map((option): [string, string] => [`  ${option.name}`, describe(option)]);
      return `${head}\n${pairs(rows, paint)}`;
    })
    .join("\n\n");
}

function describe({ about, expected, default: otherwise }: PluginSummary["options"][number]): string {
  // null stands for a value that follows from the other options, and `about` says how.
  const value = otherwise === undefined ? "must be given" : otherwise === null ? "" : `default ${shown(otherwise)}`;
  return [`${about} (${expected})`, value].filter((part) => part !== "").join("; ");
}

function shown(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(3)));
  return typeof value === "string" ? value : JSON.stringify(value);
}
