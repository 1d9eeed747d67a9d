import { compareSites } from "@filigree/sites";
import type { ModelShape } from "../environment.ts";
import type { SitePart } from "../hypothesis.ts";
import { describePosition } from "./names.ts";
import { siteOf, type Term } from "./terms.ts";

type Channels = SitePart["channels"];

/** The parts that terms name: each site and position once, in forward order, nothing named twice. */
export function siteParts(terms: readonly Term[], shape: ModelShape): SitePart[] {
  const parts = new Map<string, SitePart>();
  for (const term of terms) {
    const site = siteOf(term, shape);
    const position = term.position ?? { kind: "all" };
    const key = `${site} ${position.kind} ${describePosition(position)}`;
    parts.set(key, { site, channels: union(parts.get(key)?.channels ?? [], channelsOf(term, shape)), position });
  }
  const everywhere = new Map(
    [...parts.values()].filter(({ position }) => position.kind === "all").map((part) => [part.site, part]),
  );
  return [...parts.values()]
    .flatMap((part): SitePart[] => {
      const covering = part.position.kind === "all" ? undefined : everywhere.get(part.site);
      const channels = covering ? difference(part.channels, covering.channels) : part.channels;
      return channels.length === 0 ? [] : [{ ...part, channels }];
    })
    .sort((a, b) => compareSites(a.site, b.site));
}

/** The flat channels of a term at its site; the heads, for an attention pattern. */
export function channelsOf({ base, part, channels }: Term, shape: ModelShape): Channels {
  if (base.kind === "nodes") return base.channels;
  if (base.kind !== "attn" || base.heads === undefined) return channels ?? "all";
  if (part === "pattern") return base.heads;
  const local = channels ?? Array.from({ length: shape.dHead }, (_, channel) => channel);
  return base.heads.flatMap((head) => local.map((channel) => head * shape.dHead + channel));
}

/** Both sets of channels together. */
export function union(a: Channels, b: Channels): Channels {
  if (a === "all" || b === "all") return "all";
  return [...new Set([...a, ...b])].sort((left, right) => left - right);
}

function difference(from: Channels, covered: Channels): Channels {
  if (covered === "all") return [];
  return from === "all" ? "all" : from.filter((channel) => !covered.includes(channel));
}
