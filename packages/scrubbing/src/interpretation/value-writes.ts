import { parseSite, siteWidth } from "@filigree/core";
import type { SitePart } from "@filigree/hypothesis";
import type { CleanRuns } from "../engine/clean-runs.ts";
import { readPlaces, type ReadPlace } from "../engine/read-parts.ts";
import type { SwapWrite } from "../engine/swaps.ts";

/**
 * Writes that show computed values of parts in an example's run, laid out as the engine reads them. A row of a pattern
 * keeps its own total for each head, so that what the sink takes stays.
 */
export function valueWrites(
  clean: CleanRuns,
  parts: readonly SitePart[],
  example: number,
  values: Float32Array,
): SwapWrite[] {
  const { config } = clean.model;
  const x = clean.dataset.examples[example]!;
  let at = 0;
  const writes = readPlaces(parts, x).map((place): SwapWrite => {
    const pattern = parseSite(place.site).kind === "attn.pattern";
    const all = pattern ? config.nHead * x.ids.length : siteWidth(config, place.site);
    const count = place.channels?.length ?? all;
    const own = values.subarray(at, at + count);
    at += count;
    const kept = pattern ? withOwnTotals(clean, place, example, own) : own;
    return { ...place, values: kept, from: "value" };
  });
  if (at !== values.length) throw new Error(`${values.length} values for places that hold ${at}.`);
  return writes;
}

function withOwnTotals(
  clean: CleanRuns,
  { site, channels, position }: ReadPlace,
  example: number,
  values: Float32Array,
): Float32Array {
  clean.record([site]);
  const there = clean.column(site, example, position);
  const keys = clean.dataset.examples[example]!.ids.length;
  const scaled = values.slice();
  for (let start = 0; start < values.length; start += keys) {
    const first = channels ? channels[start]! : start;
    const factor = total(there, first, keys) / total(values, start, keys);
    if (!Number.isFinite(factor) || factor === 1) continue;
    for (let key = start; key < start + keys; key++) scaled[key] = values[key]! * factor;
  }
  return scaled;
}

function total(values: Float32Array, start: number, count: number): number {
  return values.subarray(start, start + count).reduce((sum, value) => sum + value, 0);
}
