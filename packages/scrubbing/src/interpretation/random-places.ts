import { parseSite, siteWidth, type RandomStream, type SiteName } from "@filigree/core";
import type { Position, SitePart } from "@filigree/hypothesis";
import { roleIndex } from "../data/roles.ts";
import type { ClaimContext } from "../statements/evidence.ts";
import type { DrawnTree } from "./draw-tree.ts";
import { partsName, type ScrubNode } from "./scrub-node.ts";

/** Puts another part in the place of one; the same one whenever it is asked for the same. */
export type Moved = (part: SitePart) => SitePart;

/**
 * Random circuits in the stead of named ones: as many channels of the same sites, others than the named ones where there
 * are enough, at a random token each, one that is not the named one in most examples. Parts at all tokens stay at all.
 */
export class RandomPlaces {
  readonly #context: ClaimContext;
  readonly #random: RandomStream;
  readonly #named = new Map<SiteName, SitePart[]>();
  readonly #length: number;

  constructor(context: ClaimContext, parts: readonly SitePart[]) {
    this.#context = context;
    this.#random = context.random("random circuits");
    for (const part of parts) this.#named.set(part.site, [...(this.#named.get(part.site) ?? []), part]);
    this.#length = Math.min(...context.dataset.examples.map(({ ids }) => ids.length));
  }

  draw(): Moved {
    const known = new Map<string, SitePart>();
    return (part) => {
      const name = partsName([part]);
      if (!known.has(name)) known.set(name, this.#move(part));
      return known.get(name)!;
    };
  }

  #move({ site, channels, position }: SitePart): SitePart {
    return { site, channels: this.#channels(site, channels), position: this.#position(site, position) };
  }

  #channels(site: SiteName, channels: SitePart["channels"]): SitePart["channels"] {
    if (channels === "all") return channels;
    const { config } = this.#context.clean.model;
    const width = parseSite(site).kind === "attn.pattern" ? config.nHead : siteWidth(config, site);
    const named = new Set(this.#named.get(site)!.flatMap((part) => (part.channels === "all" ? [] : part.channels)));
    const all = Array.from({ length: width }, (_, c) => c);
    const others = all.filter((c) => !named.has(c));
    return this.#random.sample(others.length >= channels.length ? others : all, channels.length).sort((a, b) => a - b);
  }

  #position(site: SiteName, position: Position): Position {
    if (position.kind === "all") return position;
    const { examples } = this.#context.dataset;
    const named = this.#named.get(site)!.map((part) => part.position);
    const all = Array.from({ length: this.#length }, (_, index) => index);
    const elsewhere = all.filter((index) => {
      const there = examples.filter((example) => named.some((one) => roleIndex(example, one) === index)).length;
      return there < examples.length / 2;
    });
    const from = elsewhere.length > 0 ? elsewhere : all;
    return { kind: "index", index: from[this.#random.integer(from.length)]! };
  }
}

/** A drawn tree with other parts in its nodes' places. Its data stay. */
export function relocate({ node, datum, frame, inputs }: DrawnTree, moved: Moved): DrawnTree {
  return { node: relocateNode(node, moved), datum, frame, inputs: inputs.map((input) => relocate(input, moved)) };
}

function relocateNode(node: ScrubNode, moved: Moved): ScrubNode {
  return {
    ...node,
    parts: node.parts.map(moved),
    held: node.held.map(moved),
    inputs: node.inputs.map((input) => relocateNode(input, moved)),
  };
}
