import {
  formatNodeFile,
  NODE_FILE_FORMAT,
  NODE_SITE_KINDS,
  parseNodeFile,
  siteAt,
  type NodeFile,
  type NodeFileEdge,
  type NodeId,
} from "@filigree/core";
import * as fc from "fast-check";

/** A node file of these nodes and edges, with nothing special about it. */
export function nodeFile(
  nodes: Readonly<Record<string, readonly number[]>>,
  edges: readonly (readonly [from: string, to: string, weight: number, effect?: number])[] = [],
  rest: Partial<NodeFile> = {},
): NodeFile {
  return {
    format: NODE_FILE_FORMAT,
    model: "ab".repeat(32),
    task: "some_task",
    nodes,
    edges: edges.map(([from, to, weight, effect]) => {
      const edge = { from: from as NodeId, to: to as NodeId, weight };
      return effect === undefined ? edge : { ...edge, effect };
    }),
    ablation: { kind: "mean", means: "model" },
    loss: { dev: 0.1, test: 0.125, uncalibrated: null, model: 0.0625 },
    found: { pruner: "some-pruner@1.0.0", options: {}, seed: 0 },
    ...rest,
  };
}

/** Text as strangers write it: markup, controls, halves of characters, other scripts. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom(`</title><script>alert(1)</script>`, `"'&<>]]>`, "\u0000\u0007\ud800 x", "漢字".repeat(30), ""),
);

const channels = fc.uniqueArray(fc.nat({ max: 40 }), { maxLength: 6 });

/** Every kind of node file that parses: any sites, edges from anything to anything, any text. */
export const anyNodeFile: fc.Arbitrary<NodeFile> = fc
  .record({
    sites: fc.uniqueArray(fc.tuple(fc.nat({ max: 3 }), fc.constantFrom(...NODE_SITE_KINDS)), {
      maxLength: 8,
      selector: ([layer, kind]) => siteAt(layer, kind),
    }),
    kept: fc.array(channels, { minLength: 8, maxLength: 8 }),
    ends: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.double({ noNaN: true, noDefaultInfinity: true })), {
      maxLength: 30,
    }),
    effects: fc.array(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })), { minLength: 30, maxLength: 30 }),
    labelled: fc.array(fc.tuple(fc.nat(), anyText, fc.constantFrom("human" as const, "auto" as const)), {
      maxLength: 5,
    }),
    task: anyText,
    loss: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
    pruner: anyText,
  })
  .map(({ sites, kept, ends, effects, labelled, task, loss, pruner }) => {
    const nodes = Object.fromEntries(sites.map(([layer, kind], index) => [siteAt(layer, kind), kept[index]!]));
    const ids = Object.entries(nodes).flatMap(([site, some]) => some.map((channel) => `${site}.${channel}`));
    // An edge may also end outside the prunable sites.
    const places = [...ids, "embed.3", "logits.7", "0.attn.y.2", "1.resid_mid.5", "final_resid.1"];
    const edges = new Map<string, NodeFileEdge>();
    ends.forEach(([a, b, weight], index) => {
      const [from, to] = [places[a % places.length] as NodeId, places[b % places.length] as NodeId];
      const effect = effects[index] ?? null;
      edges.set(`${from} ${to}`, { from, to, weight, ...(effect === null ? {} : { effect }) });
    });
    const labels = Object.fromEntries(
      labelled.map(([node, text, by]) => [places[node % places.length]!, { text, by }]),
    );
    const rest = { task, labels, loss: { dev: loss, test: loss, uncalibrated: null, model: null } };
    const file = nodeFile(nodes, [], { ...rest, edges: [...edges.values()], found: { pruner, options: {}, seed: 3 } });
    return parseNodeFile(formatNodeFile(file), "made.json");
  });
