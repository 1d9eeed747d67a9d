import { parseSite } from "@filigree/core";
import type { SitePart } from "@filigree/hypothesis";
import { roleIndex } from "../data/roles.ts";
import type { CleanRuns } from "./clean-runs.ts";
import { pick } from "./read-parts.ts";
import type { Swap, SwapWrite } from "./swaps.ts";

/** The swap that overwrites parts of x with their values in y's run, roles matched. `all` means every token. */
export function siteSwap(clean: CleanRuns, parts: readonly SitePart[], reference: number, donor: number): Swap {
  const { examples } = clean.dataset;
  const [x, y] = [examples[reference]!, examples[donor]!];
  clean.record(parts.map(({ site }) => site));
  const writes = parts.flatMap((part): SwapWrite[] => {
    const every = part.position.kind === "all";
    const tokens = every ? x.ids.map((_, t) => t) : [roleIndex(x, part.position)!];
    return tokens.map((position) => {
      const source = every ? position : roleIndex(y, part.position)!;
      return partWrite(clean, part, { reference, position }, { donor, position: source });
    });
  });
  return { reference, donor, writes };
}

function partWrite(
  clean: CleanRuns,
  part: SitePart,
  to: { reference: number; position: number },
  from: { donor: number; position: number },
): SwapWrite {
  const { site } = part;
  const column = clean.column(site, from.donor, from.position);
  if (parseSite(site).kind === "attn.pattern") return patternWrite(clean, part, to, from);
  const channels = part.channels === "all" ? undefined : part.channels;
  return { site, channels, position: to.position, values: pick(column, channels), from };
}

/**
 * A donor's row of a pattern, scaled to the reference's own total, so that what the sink takes stays: [head, key] of
 * one query, heads chosen by the part's channels. The write's channels are head · length + key. Reference and donor have equal lengths (see `roleFilter`).
 */
function patternWrite(
  clean: CleanRuns,
  part: SitePart,
  to: { reference: number; position: number },
  from: { donor: number; position: number },
): SwapWrite {
  const length = clean.dataset.examples[to.reference]!.ids.length;
  const own = clean.column(part.site, to.reference, to.position);
  const other = clean.column(part.site, from.donor, from.position);
  const heads = part.channels === "all" ? Array.from({ length: own.length / length }, (_, h) => h) : part.channels;
  const values = new Float32Array(heads.length * length);
  heads.forEach((h, i) => {
    const total = (row: Float32Array) => row.subarray(h * length, (h + 1) * length).reduce((sum, p) => sum + p, 0);
    const factor = total(own) / total(other);
    for (let key = 0; key < length; key++) {
      const donated = other[h * length + key]!;
      values[i * length + key] = Number.isFinite(factor) && factor !== 1 ? donated * factor : donated;
    }
  });
  const channels = heads.flatMap((h) => Array.from({ length }, (_, key) => h * length + key));
  return { site: part.site, channels, position: to.position, values, from };
}
