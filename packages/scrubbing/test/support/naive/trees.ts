import type { Model } from "@filigree/core";
import type { ComputesStatement, SitePart, Statement } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import type { NaiveTree } from "./scrub.ts";

/** A node with all that goes into it. */
export interface NaiveNode {
  readonly parts: readonly SitePart[];
  readonly features: readonly string[];
  readonly inputs: readonly NaiveNode[];
  readonly held: readonly SitePart[];
}

/** The tree of one `computes`. */
export function treeOf({ parts, feature, inputs }: ComputesStatement): NaiveNode {
  const leaf = (input: ComputesStatement["inputs"][number]): NaiveNode => ({
    parts: input.parts,
    features: input.feature === undefined ? [] : [input.feature],
    inputs: [],
    held: [],
  });
  return { parts, features: [feature], inputs: inputs.map(leaf), held: [] };
}

/** The trees under the logits that statements make together, and the named parts that are in no root. */
export function treesUnderLogits(
  model: Model,
  statements: readonly Statement[],
): { roots: NaiveNode[]; held: SitePart[] } {
  const parts = new Map<string, readonly SitePart[]>();
  const features = new Map<string, Set<string>>();
  const edges: { from: string; to: string }[] = [];
  const name = (node: readonly SitePart[], feature?: string): string => {
    const key = JSON.stringify(node);
    parts.set(key, node);
    if (!features.has(key)) features.set(key, new Set());
    if (feature !== undefined) features.get(key)!.add(feature);
    return key;
  };
  for (const statement of statements) {
    if (statement.kind === "carries" || statement.kind === "contains") name(statement.parts, statement.feature);
    if (statement.kind === "computes") {
      const to = name(statement.parts, statement.feature);
      for (const input of statement.inputs) edges.push({ from: name(input.parts, input.feature), to });
    }
    if (statement.kind === "affects") edges.push({ from: name(statement.from), to: name(statement.to) });
    if (statement.kind === "copies") {
      const { layer, heads, feature } = statement;
      const { dHead } = model.config;
      const slice =
        heads === "all" ? heads : heads.flatMap((h) => Array.from({ length: dHead }, (_, c) => h * dHead + c));
      const at = (kind: string, position: SitePart["position"]): SitePart[] => {
        return [{ site: `${layer}.attn.${kind}` as SitePart["site"], channels: slice, position }];
      };
      edges.push({ from: name(at("v", statement.from), feature), to: name(at("y", statement.to), feature) });
    }
  }
  const others = (keys: readonly string[]) => [...parts].flatMap(([key, node]) => (keys.includes(key) ? [] : node));
  const node = (key: string): NaiveNode => {
    const inputs = [...new Set(edges.filter(({ to }) => to === key).map(({ from }) => from))];
    const held = inputs.length === 0 ? [] : others([key, ...inputs]);
    return { parts: parts.get(key)!, features: [...features.get(key)!], inputs: inputs.map(node), held };
  };
  const roots = [...parts.keys()].filter((key) => edges.every(({ from }) => from !== key));
  return { roots: roots.map(node), held: others(roots) };
}

/** Takes a node's data off a list: its datum, and where it has inputs its frame and their data. */
export function takeTree(node: NaiveNode, data: number[]): NaiveTree {
  const datum = data.shift()!;
  if (node.inputs.length === 0) return { node, datum, frame: undefined, inputs: [] };
  const frame = data.shift()!;
  return { node, datum, frame, inputs: node.inputs.map((input) => takeTree(input, data)) };
}

/** What is wrong with a tree's data, by the rules that data are drawn by. */
export function strayData(task: Task, reference: number, parent: number, tree: NaiveTree): string[] {
  const { node, datum, frame, inputs } = tree;
  const tokens = (example: number) => task.examples[example]!.ids.join();
  const value = (example: number, feature: string) => task.examples[example]!.features[feature];
  const wrong: string[] = [];
  if (node.features.length === 0 && datum !== parent) wrong.push("a node without a feature has its parent's datum");
  if (node.features.some((feature) => value(datum, feature) !== value(parent, feature))) wrong.push("another value");
  if (node.features.length > 0 && tokens(datum) === tokens(parent)) wrong.push("the parent's datum again");
  if (datum !== parent && tokens(datum) === tokens(reference)) wrong.push("the reference again");
  if (frame !== undefined && [tokens(datum), tokens(reference)].includes(tokens(frame))) wrong.push("no stranger");
  return [...wrong, ...inputs.flatMap((input) => strayData(task, reference, datum, input))];
}
