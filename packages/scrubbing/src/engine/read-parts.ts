import { parseSite, type SiteName } from "@filigree/core";
import type { SitePart } from "@filigree/hypothesis";
import type { DatasetExample } from "../data/dataset.ts";
import { roleIndex } from "../data/roles.ts";
import type { CleanRuns } from "./clean-runs.ts";

/** One token of a site to be read: the flat channels; all, where left out. */
export interface ReadPlace {
  readonly site: SiteName;
  readonly channels: readonly number[] | undefined;
  readonly position: number;
}

/**
 * Where parts lie in an example, in the order in which their values are laid out: part by part, within `all` token by
 * token, within a token channel by channel. Of a pattern, whose channels are heads: head by head, the row's keys.
 */
export function readPlaces(parts: readonly SitePart[], example: DatasetExample): ReadPlace[] {
  return parts.flatMap(({ site, channels, position }): ReadPlace[] => {
    const every = position.kind === "all";
    const tokens = every ? example.ids.map((_, t) => t) : [roleIndex(example, position)];
    const chosen = channels === "all" ? undefined : channels;
    const pattern = parseSite(site).kind === "attn.pattern";
    const length = example.ids.length;
    const flat = pattern ? chosen?.flatMap((head) => example.ids.map((_, key) => head * length + key)) : chosen;
    return tokens.map((token) => {
      if (token === undefined) throw new Error(`Example ${example.index} lacks a position that is read.`);
      return { site, channels: flat, position: token };
    });
  });
}

/** What parts show in an example's undisturbed run. */
export function readParts(clean: CleanRuns, parts: readonly SitePart[], example: number): Float32Array {
  clean.record(parts.map(({ site }) => site));
  const places = readPlaces(parts, clean.dataset.examples[example]!);
  return concat(places.map(({ site, channels, position }) => pick(clean.column(site, example, position), channels)));
}

/** Some channels of a column. */
export function pick(column: Float32Array, channels: readonly number[] | undefined): Float32Array {
  if (!channels) return column;
  const picked = new Float32Array(channels.length);
  for (let i = 0; i < picked.length; i++) picked[i] = column[channels[i]!]!;
  return picked;
}

/** Columns one after the other. */
export function concat(columns: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(columns.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const column of columns) {
    all.set(column, at);
    at += column.length;
  }
  return all;
}
