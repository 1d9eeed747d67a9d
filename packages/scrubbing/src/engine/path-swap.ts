import { siteAt, type ModelConfig } from "@filigree/core";
import type { CopiesStatement, Position } from "@filigree/hypothesis";
import type { DatasetExample } from "../data/dataset.ts";
import { roleIndex } from "../data/roles.ts";
import type { CleanRuns } from "./clean-runs.ts";
import { pick } from "./read-parts.ts";
import type { Swap, SwapWrite } from "./swaps.ts";

/** Heads of one layer, from which position their values are taken and which rows receive them. */
export type ValuePath = Pick<CopiesStatement, "layer" | "heads" | "from" | "to">;

/**
 * The path A → N.v → B: N computes with v of the donor at A for the row B only; queries, keys, and so the pattern, are
 * the reference's own. With the reference as its own donor the path is held as it was, whatever else is swapped.
 */
export function pathSwap(clean: CleanRuns, path: ValuePath, reference: number, donor: number): Swap {
  const { config } = clean.model;
  const { examples } = clean.dataset;
  const [x, y] = [examples[reference]!, examples[donor]!];
  const site = siteAt(path.layer, "attn.v");
  clean.record([site]);
  const channels =
    path.heads === "all"
      ? undefined
      : path.heads.flatMap((h) => Array.from({ length: config.dHead }, (_, c) => h * config.dHead + c));
  const there = tokensAt(y, path.from);
  const writes = tokensAt(x, path.to).flatMap((receiver) =>
    tokensAt(x, path.from).map((position, i): SwapWrite => {
      const from = { donor, position: there[i]! };
      return {
        site,
        channels,
        position,
        values: pick(clean.column(site, donor, from.position), channels),
        from,
        receiver,
      };
    }),
  );
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
