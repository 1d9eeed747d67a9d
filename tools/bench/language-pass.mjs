import { checkCircuit, parseCircuit } from "@filigree/hypothesis";

const environment = {
  shape: { nLayer: 2, nHead: 16, dHead: 16, dModel: 256, dMlp: 1024 },
  task: {
    features: [
      { name: "quote type", nuisance: false, anchor: "opener", type: "text" },
      { name: "string body", nuisance: false, type: "text" },
    ],
    positions: ["opener"],
  },
};

/** Five lines of the kinds that files are made of. */
const lines = (i) => [
  `let part${i} = attn L1 head ${i % 16} + mlp L0 neurons 3, ${i}`,
  `part${i} at opener carries quote type  expect r <= 10%, transfer >= 40%`,
  `attn L1 head 3 copies quote type from opener to last via v  expect transfer >= 40%`,
  `attn L1 head 3 attends from last to opener  expect mass >= 0.5  // why`,
  `mlp L0 neurons 18, 19 ignores string body when length() > ${i}`,
];

/** Milliseconds to parse and check a file of so many lines, warm: the median of 31 after 100. */
export function languagePass(count) {
  const text = Array.from({ length: count / 5 }, (_, i) => lines(i))
    .flat()
    .join("\n");
  const pass = () => {
    const before = performance.now();
    const { tree, diagnostics } = parseCircuit(text, "bench.circuit");
    const checked = checkCircuit(tree, environment);
    if (diagnostics.length > 0 || !checked.hypothesis) throw new Error("the file has errors");
    return performance.now() - before;
  };
  for (let i = 0; i < 100; i++) pass();
  return Array.from({ length: 31 }, pass).sort((a, b) => a - b)[15];
}
