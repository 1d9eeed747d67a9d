import { compareSites } from "@filigree/sites";
import type { ModelShape } from "../environment.ts";
import type { Position, SitePart } from "../hypothesis.ts";
import { describePosition } from "./names.ts";
import { siteOf, type Term } from "./terms.ts";

type Channels = SitePart["channels"];

const ALL: Position = { kind: "all" };
const LAST: Position = { kind: "named", name: "last" };

/** The parts that terms name: each site and position once, in forward order, nothing named twice. */
export function siteParts(terms: readonly Term[], shape: ModelShape): SitePart[] {
  const named = terms.map((term) => sitePart(term, shape));
  if (named.length === 1) return named[0]!.channels.length === 0 ? [] : named;
  const parts = new Map<string, SitePart>();
  for (const part of named) {
    const { site, position } = part;
    const key = `${site} ${position.kind} ${describePosition(position)}`;
    const before = parts.get(key);
    parts.set(key, before === undefined ? part : { ...part, channels: union(before.channels, part.channels) });
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

function sitePart(term: Term, shape: ModelShape): SitePart {
  // Answers are read at one position only.
  const everywhere = term.base.kind === "logits" ? LAST : ALL;
  return { site: siteOf(term, shape), channels: channelsOf(term, shape), position: term.position ?? everywhere };
}

/** The flat channels of a term at its site; the heads, for an attention pattern. */
export function channelsOf({ base, part, channels }: Term, shape: ModelShape): Channels {
  if (base.kind === "nodes") return union([], base.channels);
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
  const gone = new Set(covered);
  return from === "all" ? "all" : from.filter((channel) => !gone.has(channel));
}
