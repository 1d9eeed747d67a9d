import { parseSite, siteWidth, type ModelConfig } from "@filigree/core";
import type { Position, SitePart } from "@filigree/hypothesis";

/**
 * A node of an interpretation as the root of its tree: what the claims say that a set of sites stands for, and what goes
 * into it. A node that feeds two others is in both their trees, each time with data of its own: that is what treeified
 * means (Chan et al. 2022, causal scrubbing).
 */
export interface ScrubNode {
  /** How rules and reports name it. */
  readonly name: string;
  readonly parts: readonly SitePart[];
  /** Its datum shares the values of these with its parent's datum; without any, it is its parent's datum. */
  readonly features: readonly string[];
  readonly inputs: readonly ScrubNode[];
  /** Held as the frame's own run shows them, so that inputs reach the node by paths that avoid them. */
  readonly held: readonly SitePart[];
}

/** The parts of a node and of everything in its tree. */
export function treeParts(node: ScrubNode): SitePart[] {
  return [...node.parts, ...node.inputs.flatMap(treeParts)];
}

/** The parts of every node in trees, by the node's name. */
export function namedParts(nodes: readonly ScrubNode[]): Map<string, readonly SitePart[]> {
  return new Map(
    nodes.flatMap(({ name, parts, inputs }): [string, readonly SitePart[]][] => [[name, parts], ...namedParts(inputs)]),
  );
}

/** The features that data of a tree share with the datum above. */
export function treeFeatures(node: ScrubNode): string[] {
  return [...new Set([...node.features, ...node.inputs.flatMap(treeFeatures)])];
}

/** Parts as a person would point at them: `0.mlp.post_act[3,7] at opener`. */
export function partsName(parts: readonly SitePart[]): string {
  return parts
    .map(({ site, channels, position }) => {
      const some = channels === "all" ? "" : `[${channels.join()}]`;
      return `${site}${some} at ${positionName(position)}`;
    })
    .join(" + ");
}

function positionName(position: Position): string {
  return position.kind === "named" ? position.name : position.kind === "index" ? String(position.index) : "all";
}

/** Whether some value lies in both: two nodes cannot both say what it shows. Roles of different names are told apart. */
export function overlap(a: readonly SitePart[], b: readonly SitePart[]): boolean {
  return a.some((one) => b.some((other) => one.site === other.site && samePlaces(one, other)));
}

function samePlaces(a: SitePart, b: SitePart): boolean {
  const everywhere = a.position.kind === "all" || b.position.kind === "all";
  if (!everywhere && positionName(a.position) !== positionName(b.position)) return false;
  if (a.channels === "all" || b.channels === "all") return true;
  const there = new Set(b.channels);
  return a.channels.some((channel) => there.has(channel));
}

/** Equal parts have equal keys, however they are written. */
export function partsKey(config: ModelConfig, parts: readonly SitePart[]): string {
  const keys = parts.map((part) => partsName([{ ...part, channels: allOr(config, part) }]));
  return [...new Set(keys)].sort().join(" + ");
}

/** A list of every channel of a site is `all`. */
function allOr(config: ModelConfig, { site, channels }: SitePart): SitePart["channels"] {
  const width = parseSite(site).kind === "attn.pattern" ? config.nHead : siteWidth(config, site);
  return channels !== "all" && channels.length === width ? "all" : channels;
}
