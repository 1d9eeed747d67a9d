import { InputError, parseNodeFile } from "@filigree/sites";
import {
  checkCircuit,
  parseCircuit,
  type Claim,
  type Diagnostic,
  type Environment,
  type Hypothesis,
} from "../src/index.ts";

const nodes = {
  format: "filigree.nodes/1",
  model: "ab".repeat(32),
  task: "single_double_quote",
  nodes: { "0.mlp.post_act": [18], "1.attn.v": [30, 31] },
  edges: [{ from: "0.mlp.post_act.18", to: "1.attn.v.30", weight: 2 }],
  ablation: { kind: "mean", means: "model" },
  loss: { dev: 0.1, test: 0.1, uncalibrated: 0.1, model: 0 },
  found: { pruner: "learned-mask@0.1.0", options: {}, seed: 0 },
};

/** Two layers, four heads of eight channels, and a task about quotes. */
export const environment: Environment = {
  shape: { nLayer: 2, nHead: 4, dHead: 8, dModel: 24, dMlp: 64 },
  task: {
    features: [
      { name: "quote type", nuisance: false, anchor: "opener", type: "text" },
      { name: "string body", nuisance: true, type: "text" },
      { name: "distance from start", nuisance: false, type: "int" },
    ],
    positions: ["opener", "other init"],
  },
  nodeFile: (path) => {
    if (path === "quotes.nodes.json") return parseNodeFile(JSON.stringify(nodes), path);
    if (path === "empty.nodes.json") return parseNodeFile(JSON.stringify({ ...nodes, nodes: {}, edges: [] }), path);
    const text = path === "deep.nodes.json" ? JSON.stringify({ ...nodes, nodes: { "7.attn.q": [1] }, edges: [] }) : "{";
    return parseNodeFile(text, path);
  },
  circuitFile: (path, from) => {
    const file = from.includes("/") ? from.replace(/[^/]*$/, path) : path;
    const text = otherFiles.get(file);
    if (text === undefined) throw new InputError({ what: "no such file", where: path });
    return { file, text };
  },
};

/** What can be imported. */
const otherFiles = new Map([
  [
    "parts.circuit",
    'let mover = attn L1 head 3\nfeature depth: int = count("[") - count("]")\nposition start = 0\nnuisance depth, string body',
  ],
  ["more/all.circuit", 'import "inner.circuit"\nlet everything = inner + mlp L0'],
  ["more/inner.circuit", "let inner = attn L0\nattn L1 copies nothing"],
  ["again.circuit", 'import "parts.circuit"\nimport "more/all.circuit"'],
  ["circle.circuit", 'import "back.circuit"'],
  ["back.circuit", 'import "circle.circuit"'],
  ["broken.circuit", "let broken = attn L"],
  ["wrong.circuit", "let far = attn L7"],
]);

/** Everything that is wrong with a text, in the order of the text. */
export function diagnose(text: string, against: Environment = environment): Diagnostic[] {
  const { tree, diagnostics } = parseCircuit(text, "quotes.circuit");
  return [...diagnostics, ...checkCircuit(tree, against).diagnostics].sort(
    (a, b) => Number("source" in a) - Number("source" in b) || (a.file === b.file ? a.span.start - b.span.start : 0),
  );
}

/** The hypothesis that a faultless text states. */
export function hypothesisOf(text: string, against: Environment = environment): Hypothesis {
  const { tree, diagnostics } = parseCircuit(text, "quotes.circuit");
  const checked = checkCircuit(tree, against);
  const faults = [...diagnostics, ...checked.diagnostics].map(({ code, message }) => `${code}: ${message}`);
  if (checked.hypothesis === undefined) throw new Error(`no hypothesis: ${faults.join("; ")}`);
  return checked.hypothesis;
}

export function claimsOf(text: string): readonly Claim[] {
  return hypothesisOf(text).claims;
}

/** The statement of a text's last claim, as plain data. */
export function statementOf(text: string): Record<string, unknown> {
  return claimsOf(text).at(-1)!.statement as unknown as Record<string, unknown>;
}
