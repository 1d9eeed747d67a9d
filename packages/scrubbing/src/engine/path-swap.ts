import { siteAt, type ModelConfig } from "@filigree/core";
import type { CopiesStatement, Position } from "@filigree/hypothesis";
import { roleIndex } from "../data/roles.ts";
import type { DatasetExample } from "../data/dataset.ts";
import type { CleanRuns } from "./clean-runs.ts";
import type { Swap, SwapWrite } from "./swaps.ts";

/** Heads of one layer, from which position their values are taken and which rows receive them. */
export type ValuePath = Pick<CopiesStatement, "layer" | "heads" | "from" | "to">;

/**
 * The path A → N.v → B: N computes with v of the donor at A for the row B only; queries, keys, and so the pattern,
 * are the reference's own. As the pattern stays, the row's mix changes by pattern[B, A] · (v_donor − v), written at
 * `attn.y`, before the projection.
 */
export function pathSwap(clean: CleanRuns, path: ValuePath, reference: number, donor: number): Swap {
  const { config } = clean.model;
  const { examples } = clean.dataset;
  const [x, y] = [examples[reference]!, examples[donor]!];
  const sites = {
    v: siteAt(path.layer, "attn.v"),
    y: siteAt(path.layer, "attn.y"),
    pattern: siteAt(path.layer, "attn.pattern"),
  };
  clean.record(Object.values(sites));
  const heads = headList(config, path.heads);
  const channels = heads.flatMap((h) => Array.from({ length: config.dHead }, (_, c) => h * config.dHead + c));
  const there = tokensAt(y, path.from);
  const senders = tokensAt(x, path.from).map((position, i) => ({ position, from: there[i]! }));
  const writes = tokensAt(x, path.to).map((row): SwapWrite => {
    const mix = clean.column(sites.y, reference, row);
    const pattern = clean.column(sites.pattern, reference, row);
    const values = Float32Array.from(channels, (c) => mix[c]!);
    for (const { position, from } of senders) {
      const own = clean.column(sites.v, reference, position);
      const other = clean.column(sites.v, donor, from);
      channels.forEach((c, j) => {
        const weight = pattern[Math.floor(c / config.dHead) * x.ids.length + position]!;
        const change = weight * (other[c]! - own[c]!);
        if (change !== 0) values[j]! += change;
      });
    }
    return { site: sites.y, channels, position: row, values, from: { donor, site: sites.v, senders } };
  });
  return { reference, donor, writes };
}

/** Heads by number. */
export function headList(config: ModelConfig, heads: "all" | readonly number[]): readonly number[] {
  return heads === "all" ? Array.from({ length: config.nHead }, (_, h) => h) : heads;
}

function tokensAt(example: DatasetExample, position: Position): number[] {
  if (position.kind === "all") return example.ids.map((_, t) => t);
  const index = roleIndex(example, position);
  if (index === undefined) throw new Error(`Example ${example.index} lacks a position of the path.`);
  return [index];
}
