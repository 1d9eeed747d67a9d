import { describe, expect, test } from "vitest";
import { checkCircuit, DEFAULTS, parseCircuit } from "../src/index.ts";
import { claimsOf, environment, hypothesisOf, statementOf } from "./quote-environment.ts";

const last = { kind: "named", name: "last" };
const opener = { kind: "named", name: "opener" };
const everywhere = { kind: "all" };

/** The parts of `SITES carries quote type`. */
const partsOf = (sites: string) => statementOf(`${sites} carries quote type`)["parts"];

describe("every way to write a site names its hook", () => {
  test.each([
    ["embed", "embed", "all"],
    ["resid L0", "1.resid_in", "all"],
    ["resid L1", "final_resid", "all"],
    ["resid L0.in", "0.resid_in", "all"],
    ["resid L1.mid channel 3", "1.resid_mid", [3]],
    ["attn L1", "1.attn.resid_delta", "all"],
    ["attn L1.out channels 3", "1.attn.resid_delta", [3]],
    ["attn L1.in", "1.attn.act_in", "all"],
    ["attn L1 head 2", "1.attn.y", [16, 17, 18, 19, 20, 21, 22, 23]],
    ["attn L1 head 2.out channel 1", "1.attn.y", [17]],
    ["attn L1 head 2.q channels 0, 7", "1.attn.q", [16, 23]],
    ["attn L1 heads 3, 0.v channels 1-2", "1.attn.v", [1, 2, 25, 26]],
    ["attn L0.k channels 9", "0.attn.k", [9]],
    ["attn L0.v", "0.attn.v", "all"],
    ["attn L0.pattern", "0.attn.pattern", "all"],
    ["attn L0 head 3.pattern", "0.attn.pattern", [3]],
    ["mlp L0", "0.mlp.resid_delta", "all"],
    ["mlp L0.out channel 5", "0.mlp.resid_delta", [5]],
    ["mlp L0 channels 5", "0.mlp.resid_delta", [5]],
    ["mlp L0.in", "0.mlp.act_in", "all"],
    ["mlp L0.neurons", "0.mlp.post_act", "all"],
    ["mlp L0 neurons 40, 3, 8-10, 9", "0.mlp.post_act", [3, 8, 9, 10, 40]],
    ["mlp L0.neurons neuron 7", "0.mlp.post_act", [7]],
    ["`1.attn.v.30`", "1.attn.v", [30]],
  ])("%s", (sites, site, channels) => {
    expect(partsOf(sites)).toEqual([{ site, channels, position: everywhere }]);
  });
});

test("positions are names of the task, an index, or all", () => {
  const at = (position: string) => (partsOf(`attn L1 at ${position}`) as { position: unknown }[])[0]!.position;
  expect(at("opener")).toEqual(opener);
  expect(at("last")).toEqual(last);
  expect(at("first")).toEqual({ kind: "named", name: "first" });
  expect(at("3")).toEqual({ kind: "index", index: 3 });
  expect(at("all")).toEqual(everywhere);
  expect(at("other_init")).toEqual({ kind: "named", name: "other init" });
});

test("unions hold each site and position once, in forward order", () => {
  const sites =
    "mlp L1 neurons 3 at last + { attn L0 head 1.v channel 0, mlp L1 neurons 5, 3 } at last + mlp L1 neurons 3";
  expect(partsOf(sites)).toEqual([
    { site: "0.attn.v", channels: [8], position: last },
    { site: "1.mlp.post_act", channels: [5], position: last },
    { site: "1.mlp.post_act", channels: [3], position: everywhere },
  ]);
});

test("a `let` may be narrowed where it is used, and used before its line", () => {
  const lets = "let mover = attn L1 head 1\nlet both = mover + attn L0 head 2\n";
  expect(statementOf(`${lets}mover.v channel 2 at opener ignores string body`)).toEqual({
    kind: "ignores",
    parts: [{ site: "1.attn.v", channels: [10], position: opener }],
    feature: "string body",
    thresholds: DEFAULTS.ignores,
  });
  const parts = statementOf(`both.q carries quote type\n${lets}`)["parts"] as { site: string }[];
  expect(parts.map(({ site }) => site)).toEqual(["0.attn.q", "1.attn.q"]);
});

test("quote type, quote_type and quote-type are one name", () => {
  const features = ["quote type", "quote_type", "quote-type", '"quote type"'].map(
    (name) => statementOf(`attn L1 carries ${name}`)["feature"],
  );
  expect(new Set(features)).toEqual(new Set(["quote type"]));
});

test("a name that holds a word of the language is written in quotes", () => {
  expect(statementOf('attn L1 copies "distance from start" from opener to last')).toMatchObject({
    feature: "distance from start",
    from: opener,
    to: last,
  });
});

test("the shortest claim: the feature's anchor and the answer position stand in", () => {
  expect(statementOf("attn L1 copies quote type")).toEqual({
    kind: "copies",
    layer: 1,
    heads: "all",
    feature: "quote type",
    from: opener,
    to: last,
    alone: false,
    thresholds: { transfer: 0.5, r: 0.2, control: 0.05, rest: 0.1 },
  });
});

test("copies names heads, positions and its bounds", () => {
  const text =
    "attn L0 head 3 + attn L0 head 1 copies string body from 2 to other init via v expect transfer >= 40%, r <= 0.1";
  const [claim] = claimsOf(text);
  expect(claim!.statement).toEqual({
    kind: "copies",
    layer: 0,
    heads: [1, 3],
    feature: "string body",
    from: { kind: "index", index: 2 },
    to: { kind: "named", name: "other init" },
    alone: false,
    thresholds: { transfer: 0.4, r: 0.1, control: 0.05, rest: 0.1 },
  });
  expect(claim!.stated).toEqual(["transfer >= 40%", "r <= 0.1"]);
});

test("attends looks from the query to the key", () => {
  expect(statementOf("attn L1 head 3 attends from last to opener expect mass >= 0.5")).toEqual({
    kind: "attends",
    layer: 1,
    head: 3,
    query: last,
    key: opener,
    thresholds: { mass: 0.5 },
  });
});

test("defaults are the design's", () => {
  expect(hypothesisOf("attn L1 carries quote type")).toMatchObject({
    settings: { examples: 512, donors: 4, alpha: 0.05, seed: 0, split: "test" },
    claims: [{ statement: { thresholds: { r: 0.2, transfer: 0.1, change: 0.05 } }, stated: [], expected: "supported" }],
  });
  expect(DEFAULTS).toMatchObject({ inert: 0.01, sufficient: { U: 0.1 }, necessary: { V: 0.5 }, ignores: { V: 0.05 } });
});

test("the header and settings are read as written", () => {
  const text = `circuit "Quotes \\"close\\""
model "..\\models\\small"
task "./data.jsonl"
seed 7
examples 64
donors 2
alpha 1%
split dev
attn L1 copies quote type // the claim`;
  expect(hypothesisOf(text)).toMatchObject({
    title: 'Quotes "close"',
    model: "..\\models\\small",
    task: "./data.jsonl",
    settings: { seed: 7, examples: 64, donors: 2, alpha: 0.01, split: "dev" },
  });
});

test("claims keep their names, lines, text and expectations", () => {
  const text = `attn L1 copies quote type expect refuted
  claim the second one: attn   L1 // why
    + attn L1 head 2 copies quote type
    expect not supported
attn L1 is necessary and sufficient expect unexplained <= 10%, V >= 60%`;
  const told = claimsOf(text).map(({ name, text, line, column, expected, stated }) => {
    return { name, text, line, column, expected, stated };
  });
  expect(told).toEqual([
    { name: "claim 1", text: "attn L1 copies quote type", line: 1, column: 1, expected: "refuted", stated: [] },
    {
      name: "the second one",
      text: "attn L1 + attn L1 head 2 copies quote type",
      line: 2,
      column: 25,
      expected: "not supported",
      stated: [],
    },
    {
      name: "claim 3",
      text: "attn L1 is necessary and sufficient",
      line: 5,
      column: 1,
      expected: "supported",
      stated: ["V >= 60%"],
    },
    {
      name: "claim 4",
      text: "attn L1 is necessary and sufficient",
      line: 5,
      column: 1,
      expected: "supported",
      stated: ["unexplained <= 10%"],
    },
  ]);
});

test("a name given to a joined claim tells its statements apart", () => {
  const names = claimsOf("claim whole: attn L1 is sufficient and necessary").map(({ name }) => name);
  expect(names).toEqual(["whole (sufficient)", "whole (necessary)"]);
});

describe("the nodes of a circuit", () => {
  const nodesOf = (text: string) => (statementOf(text)["circuit"] as { nodes: unknown }).nodes;

  test("a node file brings its nodes and edges", () => {
    const text = 'let kept = nodes from "quotes.nodes.json"\nkept is sufficient expect unexplained <= 20%';
    expect(statementOf(text)).toEqual({
      kind: "sufficient",
      circuit: {
        source: "kept",
        nodes: [
          { site: "0.mlp.post_act", channels: [18] },
          { site: "1.attn.v", channels: [30, 31] },
        ],
        edges: [{ from: "0.mlp.post_act.18", to: "1.attn.v.30", weight: 2 }],
      },
      thresholds: { U: 0.2 },
    });
  });

  test("a node file with more sites has no edges of its own", () => {
    const circuit = statementOf('nodes from "quotes.nodes.json" + mlp L1 is necessary')["circuit"];
    expect(circuit).not.toHaveProperty("edges");
    expect(circuit).toMatchObject({ source: 'nodes from "quotes.nodes.json" + mlp L1' });
  });

  test.each([
    ["mlp L0 neurons 3", [{ site: "0.mlp.post_act", channels: [3] }]],
    ["attn L1", [{ site: "1.attn.resid_delta", channels: "all" }]],
    [
      "attn L1 head 0 channel 2",
      [
        { site: "1.attn.act_in", channels: "all" },
        { site: "1.attn.q", channels: [0, 1, 2, 3, 4, 5, 6, 7] },
        { site: "1.attn.k", channels: [0, 1, 2, 3, 4, 5, 6, 7] },
        { site: "1.attn.v", channels: [0, 1, 2, 3, 4, 5, 6, 7] },
        { site: "1.attn.resid_delta", channels: "all" },
      ],
    ],
    [
      "resid L0 channel 4",
      [
        { site: "0.attn.resid_delta", channels: [4] },
        { site: "0.mlp.resid_delta", channels: [4] },
      ],
    ],
    ["resid L0.mid channel 4", [{ site: "0.attn.resid_delta", channels: [4] }]],
    ["embed + mlp L1.in channel 2", [{ site: "1.mlp.act_in", channels: [2] }]],
  ])("%s stands for the nodes that make it", (sites, nodes) => {
    expect(nodesOf(`${sites} is sufficient`)).toEqual(nodes);
  });

  test("`circuit` is the union of what is claimed and expected to be supported", () => {
    const text = `circuit is sufficient
mlp L0 neurons 18 at opener carries quote type
mlp L0 neurons 20 at last carries quote type
mlp L0 neurons 30 carries quote type expect refuted
mlp L1 ignores quote type
attn L0 head 1 attends from last to opener expect mass >= 0.5
attn L1 copies quote type`;
    expect(claimsOf(text)[0]!.statement).toMatchObject({ kind: "sufficient", circuit: { source: "circuit" } });
    const circuit = (claimsOf(text)[0]!.statement as unknown as { circuit: { nodes: unknown } }).circuit;
    expect(circuit.nodes).toEqual([
      { site: "0.attn.act_in", channels: "all" },
      { site: "0.attn.q", channels: [8, 9, 10, 11, 12, 13, 14, 15] },
      { site: "0.attn.k", channels: [8, 9, 10, 11, 12, 13, 14, 15] },
      { site: "0.mlp.post_act", channels: [18, 20] },
      { site: "1.attn.act_in", channels: "all" },
      { site: "1.attn.q", channels: "all" },
      { site: "1.attn.k", channels: "all" },
      { site: "1.attn.v", channels: "all" },
      { site: "1.attn.resid_delta", channels: "all" },
    ]);
  });
});

test("a hypothesis survives JSON", () => {
  const hypothesis = hypothesisOf('attn L1 copies quote type\nnodes from "quotes.nodes.json" is sufficient');
  expect(JSON.parse(JSON.stringify(hypothesis))).toEqual(hypothesis);
});

test("no hypothesis comes of a file with a line that could not be read", () => {
  const { tree, diagnostics } = parseCircuit("attn L1 copies quote type\nattn L1 copies\n§", "x");
  expect(diagnostics).toHaveLength(2);
  expect(checkCircuit(tree, environment)).toEqual({ diagnostics: [] });
  const bad = parseCircuit("attn L1 copies quote type\n§", "x");
  expect(checkCircuit(bad.tree, environment).hypothesis).toBeUndefined();
});

test("no hypothesis comes without a model or a task", () => {
  const { tree } = parseCircuit('model "m"\ntask t\nattn L1 copies quote type', "x");
  expect(checkCircuit(tree, {})).toEqual({ diagnostics: [] });
  expect(checkCircuit(tree, { shape: environment.shape! })).toEqual({ diagnostics: [] });
  expect(checkCircuit(tree, { task: environment.task! })).toEqual({ diagnostics: [] });
});
