import type { RandomStream } from "@filigree/core";
import { featureOf, type Dataset } from "../data/dataset.ts";
import { allowedDonors, type DonorFilter, type DonorRule } from "../data/donors.ts";
import { placesFilter } from "../data/roles.ts";
import { treeParts, type ScrubNode } from "./scrub-node.ts";

/** The data of one node of a treeified hypothesis, and of all below it. Dataset indices. */
export interface DrawnTree {
  readonly node: ScrubNode;
  /** What the node is a value of: it shares the node's features with its parent's datum. */
  readonly datum: number;
  /** All other inputs of a node with inputs come from this one further datum. */
  readonly frame: number | undefined;
  /** One for each of the node's inputs, in their order. */
  readonly inputs: readonly DrawnTree[];
}

/**
 * Draws data for treeified hypotheses. A datum shares its node's features with its parent's datum, not with the
 * reference; a frame is any. Neither ever has its parent's tokens, nor the reference's: data that are the reference
 * again would speak for any hypothesis. Each draw is made anew, so two nodes share data by chance alone.
 */
export class TreeDraws {
  readonly #dataset: Dataset;
  readonly #filter: DonorFilter;
  readonly #random: RandomStream;
  /** By rule, the data that each parent's datum allows. */
  readonly #allowed = new Map<string, readonly (readonly number[])[]>();

  /** @param nodes all that will be drawn: values must be able to go from any datum to any other, place by place */
  constructor(dataset: Dataset, nodes: readonly ScrubNode[], random: RandomStream) {
    this.#dataset = dataset;
    this.#filter = placesFilter(dataset, nodes.flatMap(treeParts));
    this.#random = random;
  }

  /** The data of a tree under a parent's datum, or nothing where some node has none to choose from. */
  draw(node: ScrubNode, reference: number, parent: number): DrawnTree | undefined {
    const datum = node.features.length === 0 ? parent : this.#choose(node.features, reference, parent);
    if (datum === undefined) return undefined;
    if (node.inputs.length === 0) return { node, datum, frame: undefined, inputs: [] };
    const frame = this.frame(reference, datum);
    if (frame === undefined) return undefined;
    const inputs = node.inputs.map((input) => this.draw(input, reference, datum));
    return inputs.every((input) => input !== undefined) ? { node, datum, frame, inputs } : undefined;
  }

  /** One datum for all that a hypothesis does not name. */
  frame(reference: number, datum: number): number | undefined {
    return this.#choose([], reference, datum);
  }

  /** For each leaf of a tree, the data that each parent's datum allows it. */
  leafClasses(node: ScrubNode, above: readonly string[] = []): (readonly (readonly number[])[])[] {
    const features = node.features.length === 0 ? above : node.features;
    if (node.inputs.length === 0) return features.length === 0 ? [] : [this.#allowedBy(features)];
    return node.inputs.flatMap((input) => this.leafClasses(input, features));
  }

  #choose(features: readonly string[], reference: number, parent: number): number | undefined {
    const { examples } = this.#dataset;
    const allowed = this.#allowedBy(features)[parent]!.filter(
      (y) => examples[y]!.tokens !== examples[reference]!.tokens,
    );
    return allowed.length === 0 ? undefined : allowed[this.#random.integer(allowed.length)]!;
  }

  #allowedBy(features: readonly string[]): readonly (readonly number[])[] {
    const key = JSON.stringify(features);
    const known = this.#allowed.get(key);
    if (known) return known;
    const [first, ...more] = features;
    const rule: DonorRule = first === undefined ? { kind: "ANY" } : { kind: "EQ", feature: first };
    const filter: DonorFilter = (x, y) =>
      more.every((feature) => featureOf(x, feature) === featureOf(y, feature)) && this.#filter(x, y);
    const allowed = allowedDonors(this.#dataset, rule, filter);
    this.#allowed.set(key, allowed);
    return allowed;
  }
}

/** Every datum and frame of a tree. */
export function dataOf({ datum, frame, inputs }: DrawnTree): number[] {
  return [datum, ...(frame === undefined ? [] : [frame]), ...inputs.flatMap(dataOf)];
}
