import {
  disposeModel,
  maskOfNodes,
  nodeId,
  nodeSites,
  randomStream,
  seed,
  siteWidth,
  type Model,
  type NodeFileEdge,
  type NodeId,
  type SiteName,
} from "@filigree/core";
import { DEFAULTS, type CircuitNodes, type Statement } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ModelEdges } from "../../src/engine/model-edges.ts";
import { checkHypothesis, type TraceLine } from "../../src/index.ts";
import { checkStatement, checkStatements, hypothesisOfStatements } from "../support/hand-made.ts";
import type { Entry } from "../support/make-model.ts";
import { some } from "../support/make-task.ts";
import { anyConfig, randomCase } from "../support/random-case.ts";
import { replay } from "../support/replay.ts";
import { EVEN, FIRST, OUT, twoNeurons, twoNeuronsTask } from "../support/two-signs.ts";

// Each token says two signs. One neuron says whether both are positive, another whether the second is; the answer is what
// they add up to. The second neuron hears of the first sign too, but next to nothing. Fillers are read and written
// elsewhere.

const [A, B] = [EVEN, FIRST];
const TINY = 2 ** -12;
const FILLERS = [4, 5, 6];
/** Neurons that have nothing to do with it: so many that random ones rarely have. */
const OTHERS = Array.from({ length: 62 }, (_, i) => i + 2);

const signsModel = () =>
  twoNeurons(
    { dModel: 64, dMlp: 64 },
    {
      reads: [[1, A, TINY], ...OTHERS.flatMap((neuron) => FILLERS.map((filler): Entry => [neuron, filler, 1]))],
      writes: OTHERS.flatMap((neuron) => [8, 9, 10, 11].map((channel): Entry => [channel, neuron, 1])),
    },
  );

const READ = (channel: number) => `0.mlp.act_in.${channel}`;
const NEURON = (channel: number) => `0.mlp.post_act.${channel}`;
const edge = (from: string, to: string): NodeFileEdge => ({ from: from as NodeId, to: to as NodeId, weight: 1 });
const USELESS = edge(READ(A), NEURON(1));
const FIRST_SIGN = edge(READ(A), NEURON(0));
const USEFUL = [
  FIRST_SIGN,
  edge(READ(B), NEURON(0)),
  edge(READ(B), NEURON(1)),
  edge(NEURON(0), `0.mlp.resid_delta.${OUT}`),
  edge(NEURON(1), `0.mlp.resid_delta.${OUT}`),
];

/** The five nodes; the edges that a node file lists, if it is one. */
function circuit(edges?: readonly NodeFileEdge[]): CircuitNodes {
  const nodes = [
    { site: "0.mlp.act_in" as SiteName, channels: [A, B] },
    { site: "0.mlp.post_act" as SiteName, channels: [0, 1] },
    { site: "0.mlp.resid_delta" as SiteName, channels: [OUT] },
  ];
  return { nodes, ...(edges && { edges }), source: "kept" };
}

const sufficient = (circuit: CircuitNodes): Statement => ({
  kind: "sufficient",
  circuit,
  thresholds: DEFAULTS.sufficient,
});
const necessary = (circuit: CircuitNodes): Statement => ({
  kind: "necessary",
  circuit,
  thresholds: DEFAULTS.necessary,
});
const complete = (circuit: CircuitNodes): Statement => ({ kind: "complete", circuit, thresholds: DEFAULTS.complete });
const minimal = (circuit: CircuitNodes): Statement => ({ kind: "minimal", circuit });

async function verdictOf(statement: Statement) {
  const model = await signsModel();
  const claim = await checkStatement(statement, model, twoNeuronsTask);
  disposeModel(model);
  return claim;
}

test("a circuit is sufficient only with the edges that its file lists", async () => {
  const useful = await verdictOf(sufficient(circuit(USEFUL)));
  expect(useful.verdict, useful.why).toBe("supported");
  expect(useful.notes).toContainEqual(expect.stringContaining("leaves out 1 of the 6 edges"));

  const less = await verdictOf(sufficient(circuit(USEFUL.filter((one) => one !== FIRST_SIGN))));
  expect(less.verdict).toBe("refuted");
  expect(less.figures["U"]!.low).toBeGreaterThan(0.1);
  // What is ablated is ablated on edges too.
  const zero = less.controls.find(({ name }) => name === "zero ablation")!;
  expect(zero.figures["U"]!.low).toBeGreaterThan(0.1);
});

test("nor is it complete without one of them: the model has a route that the circuit lacks", async () => {
  expect((await verdictOf(complete(circuit(USEFUL)))).verdict).toBe("supported");
  expect((await verdictOf(complete(circuit(USEFUL.slice(1))))).verdict).toBe("refuted");
});

test("an edge too many refutes that a node file is minimal, though every node is needed", async () => {
  const useful = await verdictOf(minimal(circuit(USEFUL)));
  expect(useful.verdict, useful.why).toBe("supported");
  // The only edge out of a node, or into one, is the node.
  expect(useful.notes[0]).toContain("5 nodes and 1 edge ");
  expect(useful.controls.map(({ name }) => name)).toContain("without 0.mlp.act_in.1 → 0.mlp.post_act.0");

  const { verdict, why, controls } = await verdictOf(minimal(circuit([...USEFUL, USELESS])));
  expect(verdict).toBe("refuted");
  expect(why).toContain("0.mlp.act_in.0 → 0.mlp.post_act.1 is one too many");
  const nodes = controls.filter(({ name }) => name.startsWith("without ") && !name.includes("→"));
  expect(nodes).toHaveLength(5);
  for (const { figures } of nodes) expect(figures["drop"]!.low).toBeGreaterThan(0.01);
});

test("of a file that leaves out edges, those that it lists are what is necessary, not the nodes", async () => {
  const nodes = await verdictOf(necessary(circuit()));
  expect(nodes.verdict, nodes.why).toBe("supported");
  const useful = await verdictOf(necessary(circuit(USEFUL)));
  expect(useful.verdict, useful.why).toBe("supported");
  expect(useful.controls[0]!.name).toBe("random edges");

  const useless = await verdictOf(necessary(circuit([USELESS])));
  expect(useless.verdict).toBe("refuted");
  expect(useless.figures["V"]!.estimate).toBeLessThan(1e-3);
  const none = await verdictOf(necessary(circuit([])));
  expect([none.verdict, none.why]).toEqual(["untestable", expect.stringContaining("lists no edge")]);
});

test("an edge that the model does not have makes a claim untestable, and it is named", async () => {
  const { verdict, why } = await verdictOf(sufficient(circuit([...USEFUL, edge(READ(A), `0.mlp.resid_delta.${OUT}`)])));
  expect(verdict).toBe("untestable");
  expect(why).toContain("0.mlp.act_in.0 → 0.mlp.resid_delta.2");
});

test("a file that lists all edges is the circuit of its nodes", async () => {
  const model = await signsModel();
  const documentOf = (circuit: CircuitNodes) => {
    const hypothesis = hypothesisOfStatements([sufficient(circuit), necessary(circuit), complete(circuit)]);
    // One text: what is drawn at random goes by it.
    const claims = hypothesis.claims.map((claim) => ({ ...claim, text: `kept is ${claim.statement.kind}` }));
    const origin = { file: "test.circuit", fileHash: "", backend: "wasm" };
    return checkHypothesis({ ...hypothesis, claims }, model, twoNeuronsTask, origin);
  };
  const embedding = edge("embed.0", READ(A));
  expect(await documentOf(circuit([embedding, ...USEFUL, USELESS]))).toEqual(await documentOf(circuit()));
  disposeModel(model);
});

/** Repeats some lines of each rule in which edges are cut; returns the rules, without numbers. */
async function replayed(statements: readonly Statement[], model: Model, task: Task): Promise<string[]> {
  const lines = new Map<string, TraceLine[]>();
  await checkStatements(statements, model, task, {}, (line) => {
    if (line.cuts) lines.set(line.rule, [...(lines.get(line.rule) ?? []), line]);
  });
  for (const [rule, list] of lines) {
    for (const line of some(list, 3, rule)) {
      const again = replay(model, task, line);
      line.after.forEach((value, i) => expect(value).toBeCloseTo(again[i]!, 4));
    }
  }
  return [...lines.keys()].map((rule) => rule.replaceAll(/\d+/gu, "n").replace("edge inside", "edges inside"));
}

test("every run with edges cut is what a literal program makes of its trace", async () => {
  const model = await signsModel();
  const kept = circuit(USEFUL);
  expect(await replayed([complete(kept), minimal(kept)], model, twoNeuronsTask)).toEqual(
    expect.arrayContaining([
      "circuit without part ← ANY",
      "outside and n edges inside but an addition ← ANY",
      "without n.mlp.act_in.n → n.mlp.post_act.n ← ANY",
    ]),
  );
  disposeModel(model);
});

test("so it is in models of all options, through attention and AbsTopK", async () => {
  const rules = new Set<string>();
  await fc.assert(
    fc.asyncProperty(anyConfig, fc.integer({ min: 1, max: 1e6 }), async (config, number) => {
      const { model, task } = await randomCase(config, number);
      const random = randomStream(seed(number), "test/edges");
      const nodes = nodeSites(config).map((site) => {
        const channels = Array.from({ length: siteWidth(config, site) }, (_, c) => c);
        return { site, channels: channels.filter(() => random.integer(3) > 0) };
      });
      const ids = nodes.flatMap(({ site, channels }) => channels.map((c) => nodeId(site, c)));
      const between = new ModelEdges(model).between(maskOfNodes(config, ids));
      const edges = between.filter(() => random.integer(2) === 0).map(({ from, to }) => edge(from, to));
      const kept: CircuitNodes = { nodes, edges, source: "kept" };
      for (const rule of await replayed([sufficient(kept), necessary(kept)], model, task)) rules.add(rule);
      disposeModel(model);
    }),
    { numRuns: 4, seed: 1 },
  );
  expect([...rules].sort()).toEqual([
    "n edges of the circuit ← ANY",
    "outside and n edges inside ← ANY",
    "random edges ← ANY",
  ]);
}, 60_000);

test("what is dropped from a circuit is dropped beside the edges that its file leaves out", async () => {
  const model = await signsModel();
  const [leftOut, dropped] = [edge(READ(B), NEURON(1)), FIRST_SIGN];
  const kept = circuit([...USEFUL, USELESS].filter(({ from, to }) => from !== leftOut.from || to !== leftOut.to));
  const cuts = new Map<string, string>();
  await checkStatements([minimal(kept)], model, twoNeuronsTask, {}, (line) => {
    cuts.set(line.rule, (line.cuts?.edges ?? []).map((ends) => ends.join(" → ")).join(", "));
  });
  const name = ({ from, to }: NodeFileEdge) => `${from} → ${to}`;
  const drop = `without ${name(dropped)} ← ANY`;
  expect(cuts.get(drop)).toBe(`${name(leftOut)}, ${name(dropped)}`);
  cuts.delete(drop);
  // The circuit, with an addition, without each of its nodes.
  expect([...cuts.values()]).toEqual(Array.from({ length: 2 + 5 }, () => name(leftOut)));
  disposeModel(model);
});
