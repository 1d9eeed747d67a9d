import type { CheckedText, ClaimDetails, ClaimVerdict, ShownSwap, VerdictDocument } from "../../src/index.ts";

/** What a check gives, with what a test says in the place of the rest. */
export function checkedText(
  source: string,
  claims: readonly (readonly [Partial<ClaimVerdict>, Partial<ClaimDetails>])[],
): CheckedText {
  const verdicts = claims.map(([claim], i) => claimVerdict({ name: `claim ${i + 1}`, ...claim }));
  const verdict: VerdictDocument = {
    format: "filigree.verdict/1",
    title: "Quotes",
    file: "quotes.circuit",
    task: "quotes",
    hashes: { file: "f".repeat(64), model: "a".repeat(64), data: "d".repeat(64), engine: "0.1.0" },
    backend: "wasm",
    seed: 0,
    settings: { examples: 512, donors: 4, alpha: 0.05, seed: 0, split: "test" },
    model: { accuracy: 1, accuracyLow: 0.99, loss: 0.06, examples: 512 },
    claims: verdicts,
    met: verdicts.every(({ met }) => met),
  };
  return { verdict, source, details: claims.map(([, one], i) => claimDetails({ claim: `claim ${i + 1}`, ...one })) };
}

export function claimVerdict(claim: Partial<ClaimVerdict>): ClaimVerdict {
  return {
    name: "claim 1",
    text: "embed at opener carries quote type",
    line: 1,
    verdict: "supported",
    expected: "supported",
    met: true,
    proven: false,
    why: "every bound holds",
    figures: {},
    bounds: [],
    controls: [],
    worst: [],
    notes: [],
    forwardPasses: 1024,
    ...claim,
  };
}

export function claimDetails(details: Partial<ClaimDetails>): ClaimDetails {
  return { claim: "claim 1", kind: "carries", column: 1, sites: [], rules: [], worst: [], ...details };
}

/** A swap of one token of `f('a` with that of `f("b`. */
export function shownSwap(swap: Partial<ShownSwap> = {}): ShownSwap {
  return {
    reference: { example: 4, tokens: ["f", "('", "a"], swapped: [1], answerAt: 2 },
    donor: { example: 9, tokens: ["f", '("', "b"], swapped: [1], answerAt: 2 },
    rows: [],
    before: { text: "')", probability: 0.98 },
    after: { text: '")', probability: 0.71 },
    divergence: 0.5,
    ...swap,
  };
}

/** A refuted claim: its r breaks its bound. */
export const refuted: readonly [Partial<ClaimVerdict>, Partial<ClaimDetails>] = [
  {
    text: "embed at opener carries string body",
    verdict: "refuted",
    met: false,
    why: "the site does more than string body explains (r 2.1 [1.6, 2.7], wanted ≤ 0.2)",
    figures: {
      V: { estimate: 0.9, low: 0.7, high: 1.1, n: 512 },
      r: { estimate: 2.1, low: 1.6, high: 2.7, n: 243.5127 },
    },
    bounds: [
      { figure: "V", relation: ">=", threshold: 0.01, side: "passes", rule: "ANY" },
      { figure: "r", relation: "<=", threshold: 0.2, side: "fails", rule: "EQ(string body)" },
    ],
    controls: [{ name: "shuffled labels", figures: { r: { estimate: 1, low: 0.9, high: 1.1, n: 99 } } }],
  },
  {
    rules: [
      {
        rule: "EQ(string body)",
        swaps: 2048,
        identical: 0,
        changed: 778,
        histogram: [0, 0, 0, 0, 0, 0, 0, 0, 0, 1000, 48, 1000, 0, 0, 0, 0],
        most: [shownSwap()],
        least: [shownSwap({ divergence: 0.02 })],
      },
    ],
    sites: [{ role: "sites", sites: ["embed at opener"] }],
  },
];
