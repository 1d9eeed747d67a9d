import { circuitSkeleton } from "@filigree/pruners";
import { checkCircuit, formatCircuit, parseCircuit } from "@filigree/hypothesis";
import {
  compareSites,
  InputError,
  NODE_FILE_FORMAT,
  NODE_SITE_KINDS,
  siteAt,
  siteWidth,
  type NodeFile,
  type NodeId,
  type SiteName,
} from "@filigree/core";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { TINY } from "./tiny-model.ts";

function nodeFile(nodes: NodeFile["nodes"], rest: Partial<NodeFile> = {}): NodeFile {
  return {
    format: NODE_FILE_FORMAT,
    model: "0".repeat(64),
    task: "some_task",
    nodes,
    edges: [],
    ablation: { kind: "mean", means: "model" },
    loss: { dev: null, test: null, uncalibrated: null, model: null },
    found: { pruner: "x", options: {}, seed: 0 },
    ...rest,
  };
}

const sites = [0, 1].flatMap((layer) => NODE_SITE_KINDS.map((kind) => siteAt(layer, kind)));

const anyNodes = fc
  .tuple(...sites.map((site) => fc.subarray([...Array(siteWidth(TINY, site)).keys()])))
  .filter((kept) => kept.some((channels) => channels.length > 0))
  .map((kept) => Object.fromEntries(sites.map((site, index) => [site, kept[index]!])));

/** Text that could end a line, a quote or a comment. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(`a "b" \\`, "x\nkept is necessary", "\u2028let a = embed", "// \r y", ""),
);

test("any circuit gives a file that the language accepts, in its standard form, and that claims its nodes", () => {
  fc.assert(
    fc.property(anyNodes, anyText, anyText, (nodes, label, task) => {
      const labels = Object.fromEntries(
        Object.entries(nodes).flatMap(([site, channels]) =>
          channels.slice(0, 2).map((channel) => [`${site}.${channel}`, { text: label, by: "human" as const }]),
        ),
      );
      const text = circuitSkeleton(nodeFile(nodes, { labels, task }), { config: TINY, modelPath: "../a model" });
      expect(formatCircuit(text, "new.circuit")).toMatchObject({ text, diagnostics: [] });
      const { tree, diagnostics } = parseCircuit(text, "new.circuit");
      expect(diagnostics).toEqual([]);
      const checked = checkCircuit(tree, { shape: TINY, task: { features: [], positions: [] } });
      expect(checked.diagnostics).toEqual([]);
      const { model, claims } = checked.hypothesis!;
      expect(model).toBe("../a model");
      const kept = (Object.entries(nodes) as [SiteName, number[]][]).filter(([, channels]) => channels.length > 0);
      const expected = kept.sort(([a], [b]) => compareSites(a, b)).map(([site, channels]) => ({ site, channels }));
      expect(claims).toHaveLength(1);
      expect(claims[0]!.statement).toMatchObject({ kind: "sufficient", circuit: { nodes: expected, source: "kept" } });
    }),
    { numRuns: 60 },
  );
});

test("groups are named after what they are, with the file's labels beside them", () => {
  const nodes = { "0.attn.v": [1, 3, 4, 5], "1.mlp.post_act": [2, 9, 3, 4] } as NodeFile["nodes"];
  const labels = { ["0.attn.v.4" as NodeId]: { text: "the\nopener", by: "human" as const } };
  const settings = { config: TINY, modelPath: "model", task: "./my data.jsonl" };
  expect(circuitSkeleton(nodeFile(nodes, { labels }), settings)).toBe(`circuit "What the circuit of some_task does"
model "model"
task "./my data.jsonl"

// The nodes, by site; queries, keys and values by head. Channels of a head are counted from its first one.
let head0_0_v    = attn L0 head 0.v channels 1
let head0_1_v    = attn L0 head 1.v channels 0-2
let mlp1_neurons = mlp L1 neurons 2-4, 9

// Labels of the node file:
//   0.attn.v.4 the opener

// Say what each of them does, such as: head0_0_v at POSITION carries FEATURE
let kept = head0_0_v + head0_1_v + mlp1_neurons
kept is sufficient
`);
});

test("nothing to state, or another model's nodes, is refused", () => {
  const settings = { config: TINY, modelPath: "model" };
  expect(() => circuitSkeleton(nodeFile({ "0.attn.v": [] } as never), settings)).toThrow(/no nodes/u);
  expect(() => circuitSkeleton(nodeFile({ "0.attn.v": [6] } as never), settings)).toThrow(/no node "0\.attn\.v\.6"/u);
  expect(() => circuitSkeleton(nodeFile({ "2.attn.v": [0] } as never), settings)).toThrow(InputError);
});
