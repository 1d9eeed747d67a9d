import { parseSite, type SiteKind } from "@filigree/sites";
import type { ModelShape } from "../environment.ts";
import type { Position, SitePart } from "../hypothesis.ts";

/** The order in which a layer works. Queries, keys and values stand side by side; only the first two make the pattern. */
const STAGES: Readonly<Record<SiteKind, number>> = {
  embed: 0,
  resid_in: 0,
  "attn.act_in": 1,
  "attn.q": 2,
  "attn.k": 2,
  "attn.v": 2,
  "attn.pattern": 3,
  "attn.y": 4,
  "attn.resid_delta": 5,
  resid_mid: 6,
  "mlp.act_in": 7,
  "mlp.post_act": 8,
  "mlp.resid_delta": 9,
  final_resid: 0,
  logits: 1,
};
const STAGES_OF_A_LAYER = 10;

/**
 * Whether what one part holds can reach another in some model of this shape, whatever its weights: it is worked out
 * earlier, and at a position that the other one sees. Positions with names are taken to lie anywhere.
 */
export function isUpstream(part: SitePart, of: SitePart, shape: ModelShape): boolean {
  const [from, to] = [stageOf(part, shape), stageOf(of, shape)];
  const [source, target] = [parseSite(part.site), parseSite(of.site)];
  if (from >= to) return false;
  const sameLayer = source.layer === target.layer;
  if (sameLayer && source.kind === "attn.v" && target.kind === "attn.pattern") return false;
  const distance = indexDistance(part.position, of.position);
  if (distance === undefined || distance === 0) return true;
  if (distance < 0 && (shape.causal ?? true)) return false;
  return passesAttention(from, to);
}

/** A place in the order of the whole model. */
function stageOf({ site }: SitePart, { nLayer }: ModelShape): number {
  const { layer, kind } = parseSite(site);
  if (layer !== undefined) return 1 + layer * STAGES_OF_A_LAYER + STAGES[kind];
  return kind === "embed" ? 0 : 1 + nLayer * STAGES_OF_A_LAYER + STAGES[kind];
}

/** How far the second lies after the first; undefined where that depends on the example. */
function indexDistance(from: Position, to: Position): number | undefined {
  const [a, b] = [indexOf(from), indexOf(to)];
  return a === undefined || b === undefined ? undefined : b - a;
}

function indexOf(position: Position): number | undefined {
  if (position.kind === "index") return position.index;
  return position.kind === "named" && position.name === "first" ? 0 : undefined;
}

/** Only attention moves anything between positions: some layer's has to read after the one and write before the other. */
function passesAttention(from: number, to: number): boolean {
  const reads = STAGES["attn.v"];
  const writes = STAGES["attn.pattern"];
  for (let layer = 0; 1 + layer * STAGES_OF_A_LAYER + writes <= to; layer++) {
    if (from <= 1 + layer * STAGES_OF_A_LAYER + reads) return true;
  }
  return false;
}

/** Whether two parts hold a channel in common at a position in common. Different names may still be one place. */
export function overlaps(a: SitePart, b: SitePart): boolean {
  if (a.site !== b.site) return false;
  const together = a.position.kind === "all" || b.position.kind === "all" || samePosition(a.position, b.position);
  if (!together) return false;
  if (a.channels === "all" || b.channels === "all") return true;
  const held = new Set(a.channels);
  return b.channels.some((channel) => held.has(channel));
}

function samePosition(a: Position, b: Position): boolean {
  if (a.kind === "named" && b.kind === "named") return a.name === b.name;
  return indexDistance(a, b) === 0;
}
