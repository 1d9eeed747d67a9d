import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  formatNodeFile,
  InputError,
  nodeId,
  parseNodeFile,
  siteName,
  type NodeFile,
  type SiteName,
} from "../src/index.ts";

const example = {
  format: "filigree.nodes/1",
  model: "ab".repeat(32),
  task: "single_double_quote",
  nodes: { "0.mlp.post_act": [18, 2], "10.attn.v": [1312], "2.attn.q": [] },
  edges: [
    { from: "0.mlp.post_act.18", to: "10.attn.v.1312", weight: -0.5, effect: 0.01 },
    { from: "embed.4", to: "0.mlp.post_act.2", weight: 1e-3 },
  ],
  ablation: { kind: "mean", means: "model" },
  calibration: { scale: 1.5, shift: [0.25, -1] },
  loss: { dev: 0.1, test: 0.11, uncalibrated: 0.14, model: 0.01 },
  found: { pruner: "learned-mask@0.1.0", options: { steps: 600 }, seed: 3 },
  labels: { "10.attn.v.1312": { text: "which quote", by: "human" } },
};

const read = (change: object) => parseNodeFile(JSON.stringify({ ...example, ...change }), "quotes.nodes.json");

test("a node file is read as it is, channels ascending", () => {
  expect(read({})).toEqual({ ...example, nodes: { ...example.nodes, "0.mlp.post_act": [2, 18] } });
});

test("calibration and labels may be missing", () => {
  const file = read({ calibration: undefined, labels: undefined });
  expect(file).not.toHaveProperty("calibration");
  expect(file).not.toHaveProperty("labels");
});

test("the text has sites in forward order and one edge a line", () => {
  const lines = formatNodeFile(read({})).split("\n");
  expect(lines.filter((line) => /^ {4}"\d+\.(mlp|attn)\.\w+":/.test(line)).map((line) => line.trim())).toEqual([
    '"0.mlp.post_act": [2,18],',
    '"2.attn.q": [],',
    '"10.attn.v": [1312]',
  ]);
  expect(lines).toContain('    {"from":"0.mlp.post_act.18","to":"10.attn.v.1312","weight":-0.5,"effect":0.01},');
});

test("writing and reading return the same circuit, and the bytes do not depend on the order of the sites", () => {
  const site = fc.constantFrom(...["0.attn.q", "1.attn.v", "1.mlp.post_act", "11.mlp.act_in"].map(siteName));
  const channels = fc.uniqueArray(fc.nat(4000), { maxLength: 6 }).map((list) => list.sort((a, b) => a - b));
  const real = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
  const file = fc.array(fc.tuple(site, channels), { maxLength: 4 }).chain((entries): fc.Arbitrary<NodeFile> => {
    const nodes = Object.fromEntries(entries) as Record<SiteName, number[]>;
    const ids = Object.entries(nodes).flatMap(([at, list]) => list.map((channel) => nodeId(siteName(at), channel)));
    const end = ids.length > 0 ? fc.constantFrom(...ids) : fc.constant(nodeId(siteName("embed"), 0));
    return fc.record(
      {
        format: fc.constant("filigree.nodes/1" as const),
        model: fc.constant("0f".repeat(32)),
        task: fc.string(),
        nodes: fc.constant(nodes),
        edges: fc.array(
          fc.record({ from: end, to: end, weight: real, effect: real }, { requiredKeys: ["from", "to", "weight"] }),
        ),
        ablation: fc.record({
          kind: fc.constant("mean" as const),
          means: fc.constantFrom("model" as const, "task" as const),
        }),
        calibration: fc.record({ scale: real, shift: fc.oneof(real, fc.array(real)) }),
        loss: fc.record({ dev: real, test: real, uncalibrated: real, model: real }),
        found: fc.record(
          {
            pruner: fc.string(),
            options: fc.dictionary(fc.string(), fc.integer()),
            seed: fc.nat(),
            target: real,
            budget: fc.nat(),
          },
          { requiredKeys: ["pruner", "options", "seed"] },
        ),
        labels: fc.dictionary(
          end,
          fc.record({ text: fc.string(), by: fc.constantFrom("human" as const, "auto" as const) }),
        ),
      },
      { requiredKeys: ["format", "model", "task", "nodes", "edges", "ablation", "loss", "found"] },
    );
  });
  fc.assert(
    fc.property(file, (circuit) => {
      const text = formatNodeFile(circuit);
      expect(parseNodeFile(text, "x").nodes).toEqual(circuit.nodes);
      expect(JSON.stringify(parseNodeFile(text, "x").found)).toBe(JSON.stringify(circuit.found));
      expect(formatNodeFile(parseNodeFile(text, "x"))).toBe(text);
      const reversed = Object.fromEntries(Object.entries(circuit.nodes).reverse());
      expect(formatNodeFile({ ...circuit, nodes: reversed })).toBe(text);
    }),
  );
});

test.each([
  [{ edge: [] }, 'unknown key "edge"', 'did you mean "edges"'],
  [{ loss: { ...example.loss, tset: 1 } }, 'quotes.nodes.json: loss: unknown key "tset"', 'did you mean "test"'],
  [{ edges: [{ from: "embed.1", to: "embed.2" }] }, "edges[0]", 'the key "weight" is missing'],
  [{ edges: [{ from: "embed.1", to: "0.attn.q.3", weight: 1 }] }, "edges[0].to", "not among the file's nodes"],
  [{ edges: {} }, "edges", "an array"],
  [{ nodes: { "0.atn.q": [1] } }, "nodes.0.atn.q", 'did you mean "0.attn.q"'],
  [{ nodes: { "0.resid_mid": [1] } }, "nodes.0.resid_mid", "are not nodes"],
  [{ nodes: { "0.attn.q": [1, 1] } }, "nodes.0.attn.q", "listed twice"],
  [{ nodes: { "0.attn.q": [1.5] } }, "nodes.0.attn.q[0]", "a whole number"],
  [{ nodes: { "0.attn.q": ["1"] } }, "nodes.0.attn.q[0]", "a finite number"],
  [{ nodes: null }, "nodes", "null found"],
  [{ model: "abc" }, "model", "SHA-256"],
  [{ ablation: { kind: "mean", means: "corpus" } }, "ablation.means", '"model" or "task"'],
  [{ labels: { "0.attn.q": { text: "", by: "human" } } }, "labels.0.attn.q", "is not a node"],
  [{ found: { pruner: "x", options: [], seed: 0 } }, "found.options", "an object"],
  [{ found: { pruner: "x", options: {}, seed: -1 } }, "found.seed", "a whole number"],
  [{ task: undefined }, "quotes.nodes.json", 'the key "task" is missing'],
  [{ format: undefined }, "quotes.nodes.json", 'the key "format" is missing'],
  [{ format: "filigree.nodes/2", novel: 1 }, "quotes.nodes.json: format", "newer than this program knows"],
  [{ format: "filigree.task/1" }, "quotes.nodes.json: format", "is not a node file"],
])("%j is refused with its place and reason", (change, place, reason) => {
  expect(() => read(change)).toThrow(InputError);
  expect(() => read(change)).toThrow(place);
  expect(() => read(change)).toThrow(reason);
});

test("text that is not JSON is refused with the file's name", () => {
  expect(() => parseNodeFile('{"format":', "cut.json")).toThrow(/^cut\.json: not JSON/);
  expect(() => parseNodeFile("[]", "cut.json")).toThrow(/an array found/);
});

test("any text is read or refused, never anything else", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(() => parseNodeFile(text, "x")).toThrow(InputError);
    }),
  );
});
