import { siteAt, type ModelConfig } from "@filigree/core";
import type { Claim, CopiesStatement, SitePart, Statement } from "@filigree/hypothesis";
import { headList } from "../engine/path-swap.ts";
import { overlap, partsKey, partsName, type ScrubNode } from "./scrub-node.ts";

/** What the positive claims of a file say together, as trees under the logits. */
export interface InterpretationGraph {
  /** What attaches to the logits, by all paths that avoid other named nodes. */
  readonly roots: readonly ScrubNode[];
  /** Named nodes that reach the logits through others only. */
  readonly held: readonly SitePart[];
}

/** A node of the graph, while claims are being read. */
interface Named {
  readonly parts: readonly SitePart[];
  /** What a claim says that it is a function of. */
  explained?: string;
  /** What claims say that it depends on, among other things. */
  readonly contained: Set<string>;
  /** Keys of nodes that feed it. */
  readonly inputs: Set<string>;
  /** Whether a claim says that it affects the logits itself. */
  outward: boolean;
}

/** A tree of more nodes than this is not scrubbed: paths multiply. */
const MOST_NODES = 256;

/**
 * The claims that a claim about `circuit` unites: those of the same file or rival, meant to hold, and of all references that the claim
 * about it has. A claim that holds for other references says too little of these.
 */
export function unitedClaims(about: Claim, claims: readonly Claim[]): Claim[] {
  if (!("circuit" in about.statement) || about.statement.circuit.source !== "circuit") return [];
  return claims.filter(({ rival, expected, when, statement }) => {
    const everywhere = when === undefined || JSON.stringify(when) === JSON.stringify(about.when);
    return rival === about.rival && expected === "supported" && everywhere && namesNodes(statement);
  });
}

/**
 * The interpretation graph of claims. Nodes are the sites of positive claims; edges come from `computes` (inputs to site),
 * `copies` (the heads' values at A to their mix at B) and `affects`; a node without a parent attaches to the logits. What
 * `attends` says names no value, so patterns stay the frame's own.
 */
export function interpretationGraph(
  config: ModelConfig,
  claims: readonly Claim[],
): InterpretationGraph | { readonly problem: string } {
  const named = new Map<string, Named>();
  let problem: string | undefined;
  const node = (parts: readonly SitePart[]): Named => {
    const key = partsKey(config, parts);
    if (!named.has(key)) named.set(key, { parts, contained: new Set(), inputs: new Set(), outward: false });
    return named.get(key)!;
  };
  const explain = (parts: readonly SitePart[], feature: string): Named => {
    const one = node(parts);
    if (one.explained !== undefined && one.explained !== feature) {
      problem ??= `two claims explain ${partsName(parts)}, one by ${one.explained} and one by ${feature}: only one can hold`;
    }
    one.explained = feature;
    return one;
  };
  const feed = (from: readonly SitePart[], to: Named): unknown => to.inputs.add(partsKey(config, from));
  for (const { statement } of claims) {
    switch (statement.kind) {
      case "carries":
        explain(statement.parts, statement.feature);
        break;
      case "contains":
        node(statement.parts).contained.add(statement.feature);
        break;
      case "equals":
        if (statement.expression.kind === "feature") explain(statement.parts, statement.expression.name);
        else
          problem ??= `${partsName(statement.parts)} equals an expression: name the expression as a feature of the file`;
        break;
      case "computes": {
        const site = explain(statement.parts, statement.feature);
        for (const { parts, feature } of statement.inputs) {
          if (feature === undefined) node(parts);
          else explain(parts, feature);
          feed(parts, site);
        }
        break;
      }
      case "copies": {
        const { mix, values } = pathEnds(config, statement);
        explain(values, statement.feature);
        feed(values, explain(mix, statement.feature));
        break;
      }
      case "affects": {
        const outward = statement.to.some(({ site }) => site === "logits");
        const from = node(statement.from);
        if (outward) from.outward = true;
        else feed(statement.from, node(statement.to));
        break;
      }
      default:
        break;
    }
  }
  problem ??= overlapOf([...named.values()]) ?? sizeProblem(named);
  return problem === undefined ? treesOf(named) : { problem };
}

/** Whether a statement adds nodes to the graph. */
function namesNodes({ kind }: Statement): boolean {
  return ["carries", "contains", "equals", "computes", "copies", "affects"].includes(kind);
}

/** The heads' values where they are taken from, and their mix in the row that receives it. */
function pathEnds(config: ModelConfig, { layer, heads, from, to }: CopiesStatement) {
  const { dHead } = config;
  const channels =
    heads === "all"
      ? ("all" as const)
      : headList(config, heads).flatMap((h) => Array.from({ length: dHead }, (_, c) => h * dHead + c));
  return {
    values: [{ site: siteAt(layer, "attn.v"), channels, position: from }],
    mix: [{ site: siteAt(layer, "attn.y"), channels, position: to }],
  };
}

function overlapOf(nodes: readonly Named[]): string | undefined {
  for (const [i, one] of nodes.entries()) {
    const other = nodes.slice(0, i).find(({ parts }) => overlap(parts, one.parts));
    if (other) {
      return `the claims about ${partsName(other.parts)} and about ${partsName(one.parts)} overlap: name the same sites in both`;
    }
  }
  return undefined;
}

/** Why the graph has no trees that could be run, if so: a circle, or too many paths. */
function sizeProblem(named: ReadonlyMap<string, Named>): string | undefined {
  const size = (key: string, above: ReadonlySet<string>): number => {
    if (above.has(key)) return Infinity;
    const below = new Set([...above, key]);
    let sum = 1;
    for (const input of named.get(key)!.inputs) {
      if (sum <= MOST_NODES) sum += size(input, below);
    }
    return sum;
  };
  for (const [key, { parts }] of named) {
    const nodes = size(key, new Set());
    if (nodes === Infinity) return `the claims lead from ${partsName(parts)} back to it in a circle`;
    if (nodes > MOST_NODES) return `the claims make more than ${MOST_NODES} paths to ${partsName(parts)}`;
  }
  return undefined;
}

function treesOf(named: ReadonlyMap<string, Named>): InterpretationGraph {
  const feeding = new Set([...named.values()].flatMap(({ inputs }) => [...inputs]));
  const partsExcept = (keys: ReadonlySet<string>) =>
    [...named].flatMap(([key, { parts }]) => (keys.has(key) ? [] : parts));
  const tree = (key: string): ScrubNode => {
    const { parts, explained, contained, inputs } = named.get(key)!;
    return {
      name: partsName(parts),
      parts,
      features: explained === undefined ? [...contained] : [explained],
      inputs: [...inputs].map(tree),
      held: inputs.size === 0 ? [] : partsExcept(new Set([...inputs, key])),
    };
  };
  const roots = new Set([...named].filter(([key, { outward }]) => outward || !feeding.has(key)).map(([key]) => key));
  return { roots: [...roots].map(tree), held: partsExcept(roots) };
}
