import { disposeModel, siteAt, type Model } from "@filigree/core";
import { DEFAULTS, type ComputesStatement, type Hypothesis, type SitePart, type Statement } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ClaimTester, type ClaimVerdict, type TraceLine } from "../src/index.ts";
import { CIRCUIT_IS_SUFFICIENT, hypothesisOfStatements, part } from "./support/hand-made.ts";
import { some } from "./support/make-task.ts";
import { NaiveScrub } from "./support/naive/scrub.ts";
import { strayData, takeTree, treeOf, treesUnderLogits } from "./support/naive/trees.ts";
import { anyConfig, randomCase } from "./support/random-case.ts";
import { replay } from "./support/replay.ts";

// Treeified scrubbing against its definition: the data that were drawn are read from the trace, checked against the rules
// that they are drawn by, and run again by a naive evaluator in double precision that shares nothing with the engine.

/** Sites that do not overlap, from the embedding up; head 0's channels are 0 and 1 or more. */
const SITES: readonly (readonly SitePart[])[] = [
  [part("embed", "spot")],
  [part("0.attn.k", "spot", [1])],
  [part("0.resid_mid", "last", [2, 4])],
  [part("0.mlp.post_act", "spot", [1, 2]), part("0.mlp.resid_delta", "last", [3])],
  [part("1.resid_in", "first", [0, 1, 5])],
  [part("1.attn.q", "last")],
  [part("1.mlp.act_in", "last", [0, 3])],
  [part("final_resid", "last", [1])],
];

/** For each site what it is a function of, and for later ones which earlier ones feed it. */
const anyStatements = fc
  .record({
    features: fc.array(fc.constantFrom("said", "noise"), { minLength: SITES.length, maxLength: SITES.length }),
    told: fc.array(fc.boolean(), { minLength: SITES.length, maxLength: SITES.length }),
    chosen: fc.shuffledSubarray([...SITES.keys()], { minLength: 4, maxLength: 5 }),
    copies: fc.constantFrom(undefined, 0, 1),
    affects: fc.boolean(),
  })
  .map(({ features, told, chosen, copies, affects }): Statement[] => {
    const [first, second, third] = chosen.slice(0, 3).sort((a, b) => a - b);
    const rest = chosen.slice(3);
    const [lower, upper] = [first!, rest[0]!].sort((a, b) => a - b);
    const input = (site: number) => ({ parts: SITES[site]!, ...(told[site] && { feature: features[site]! }) });
    const computes = (site: number, inputs: readonly number[]): Statement => ({
      kind: "computes",
      parts: SITES[site]!,
      feature: features[site]!,
      inputs: inputs.map(input),
      thresholds: DEFAULTS.computes,
    });
    const carries = (site: number): Statement => {
      const what = { parts: SITES[site]!, feature: features[site]!, atMost: false };
      return { kind: "carries", ...what, thresholds: DEFAULTS.carries };
    };
    const role = (name: string) => ({ kind: "named", name }) as const;
    return [
      // A tree of two levels, and where the second site is told one of three.
      computes(third!, [first!, second!]),
      ...(told[second!] ? [computes(second!, [first!])] : []),
      ...rest.map(carries),
      ...(affects
        ? [
            {
              kind: "affects" as const,
              from: SITES[lower!]!,
              to: SITES[upper!]!,
              through: [],
              thresholds: DEFAULTS.affects,
            },
          ]
        : []),
      ...(copies === undefined
        ? []
        : [
            {
              kind: "copies" as const,
              layer: copies,
              heads: [0],
              feature: features[0]!,
              from: role("spot"),
              to: role("last"),
              alone: false,
              thresholds: DEFAULTS.copies,
            },
          ]),
    ];
  });

const CIRCUIT = {
  nodes: [
    { site: siteAt(0, "attn.v"), channels: [0] },
    { site: siteAt(1, "mlp.resid_delta"), channels: "all" as const },
  ],
  source: "hand",
};
const ABOUT_NODES: Statement[] = [
  { kind: "complete", circuit: CIRCUIT, thresholds: DEFAULTS.complete },
  { kind: "minimal", circuit: CIRCUIT },
];

test("trees, frames and whole interpretations are what a naive evaluator makes of the same data", async () => {
  const tally = { computes: 0, sufficient: 0, deepest: 0 };
  await fc.assert(
    fc.asyncProperty(anyConfig, fc.integer({ min: 1, max: 1e6 }), anyStatements, async (config, number, statements) => {
      const { model, task } = await randomCase({ ...config, nLayer: 2 }, number);
      const computes = statements.filter((one): one is ComputesStatement => one.kind === "computes");
      const hypothesis = hypothesisOfStatements([CIRCUIT_IS_SUFFICIENT, ...statements], { donors: 2, examples: 24 });
      const { lines, verdicts } = await testClaims(
        hypothesis,
        model,
        task,
        (kind) => kind === "computes" || kind === "sufficient",
      );
      const naive = new NaiveScrub(model, task);
      for (const [i, { statement, name }] of hypothesis.claims.entries()) {
        const [own, verdict] = [lines.filter(({ claim }) => claim === name), verdicts.get(i)];
        if (!verdict || verdict.verdict === "untestable" || verdict.proven) continue;
        if (statement.kind === "computes") tally.computes += checkComputes(naive, task, statement, own, verdict);
        else tally.sufficient += checkWhole(naive, model, task, statements, own, verdict);
      }
      if (computes.length > 1) tally.deepest++;
      disposeModel(model);
    }),
    { numRuns: 5, seed: 5 },
  );
  expect(tally.computes).toBeGreaterThan(5);
  expect(tally.sufficient).toBeGreaterThan(3);
  expect(tally.deepest).toBeGreaterThan(1);
}, 240_000);

/** Tests the claims of some kinds, without the controls that repeat them on other models. */
async function testClaims(
  hypothesis: Hypothesis,
  model: Model,
  task: Task,
  wanted: (kind: Statement["kind"]) => boolean,
): Promise<{ lines: TraceLine[]; verdicts: Map<number, ClaimVerdict> }> {
  const lines: TraceLine[] = [];
  const tester = new ClaimTester(hypothesis, model, task, { nulls: false });
  const verdicts = new Map<number, ClaimVerdict>();
  for (const [i, { statement }] of hypothesis.claims.entries()) {
    if (wanted(statement.kind)) verdicts.set(i, await tester.test(i, { trace: (line) => lines.push(line) }));
  }
  return { lines, verdicts };
}

/** Each computed site, and r and V. @returns 1 */
function checkComputes(
  naive: NaiveScrub,
  task: Task,
  statement: ComputesStatement,
  lines: readonly TraceLine[],
  { figures }: ClaimVerdict,
): number {
  const { feature, parts, inputs } = statement;
  const rule = (name: string) => lines.filter((line) => line.rule === name);
  const computed = rule(`computed EQ(${feature})`);
  for (const line of some(computed, 24, "computed")) {
    const data = [...line.donors];
    const tree = takeTree(treeOf(statement), data);
    expect(data).toEqual([]);
    expect(strayData(task, line.reference, line.reference, tree)).toEqual([]);
    expectNear(line.after, naive.answers(line.reference, [tree]), naive.largest);
  }
  const r = effect(computed) / effect(rule("ANY"));
  expectFigure(figures, "r", effect(computed) > 0 ? r : 0);

  const fed = inputs.flatMap((input) => input.parts);
  const shown = (line: TraceLine, swapped: readonly SitePart[]) => ({
    reference: line.reference,
    value: distance(
      naive.shownAfter(line.reference, line.reference, [], parts),
      swapped === parts
        ? naive.shownAfter(line.donors[0]!, line.donors[0]!, [], parts)
        : naive.shownAfter(line.reference, line.donors[0]!, swapped, parts),
    ),
  });
  const flipped = rule(`inputs NE(${feature})`);
  expect(
    flipped.filter(
      (line) => task.examples[line.reference]!.features[feature] === task.examples[line.donors[0]!]!.features[feature],
    ),
  ).toEqual([]);
  const change = overReferences(flipped.map((line) => shown(line, fed)));
  const scale = overReferences(rule("ANY").map((line) => shown(line, parts)));
  expectFigure(figures, "V", change / scale);
  return 1;
}

/** Each whole interpretation, and U. @returns 1 */
function checkWhole(
  naive: NaiveScrub,
  model: Model,
  task: Task,
  statements: readonly Statement[],
  lines: readonly TraceLine[],
  { figures }: ClaimVerdict,
): number {
  const { roots, held } = treesUnderLogits(model, statements);
  const whole = lines.filter(({ rule }) => rule === "whole interpretation");
  for (const line of some(whole, 24, "whole")) {
    // The frame is what runs; the reference is what it stands for.
    const [reference, ...data] = line.donors;
    const trees = roots.map((root) => takeTree(root, data));
    expect(data).toEqual([]);
    expect(trees.flatMap((tree) => strayData(task, reference!, reference!, tree))).toEqual([]);
    expectNear(line.after, naive.answers(line.reference, trees, held), naive.largest);
  }
  const clean = task.examples.map((_, example) => naive.answers(example));
  const measured = (to: (line: TraceLine) => readonly number[]) =>
    overReferences(
      whole.map((line) => ({ reference: line.donors[0]!, value: divergence(clean[line.donors[0]!]!, to(line)) })),
    );
  expectFigure(figures, "U", measured(({ after }) => after) / measured(({ reference }) => clean[reference]!));
  return 1;
}

test("removals of complete and drops of minimal, run again one by one, make their figures", async () => {
  let settled = 0;
  await fc.assert(
    fc.asyncProperty(anyConfig, fc.integer({ min: 1, max: 1e6 }), async (config, number) => {
      const { model, task } = await randomCase({ ...config, nLayer: 2 }, number);
      const hypothesis = hypothesisOfStatements(ABOUT_NODES, { examples: 24 });
      const { lines, verdicts } = await testClaims(hypothesis, model, task, () => true);
      for (const line of some(lines, 20, "removals")) expectNear(line.after, replay(model, task, line));
      const [complete, minimal] = [verdicts.get(0)!, verdicts.get(1)!];
      if (complete.verdict !== "untestable") checkGap(model, task, lines, complete);
      if (minimal.verdict !== "untestable") checkDrop(model, task, lines, minimal);
      if (complete.verdict !== "untestable" && minimal.verdict !== "untestable") settled++;
      disposeModel(model);
    }),
    { numRuns: 2, seed: 2 },
  );
  expect(settled).toBeGreaterThan(0);
}, 240_000);

/** gap = E |KL(model without K) − KL(circuit without K)| / scale of one of the removals that were scored. */
function checkGap(model: Model, task: Task, lines: readonly TraceLine[], { figures, name }: ClaimVerdict): void {
  const own = lines.filter(({ claim }) => claim === name);
  const [outer, inner] = ["model", "circuit"].map((kind) =>
    own.filter(({ rule }) => rule === `${kind} without part ← ANY`),
  );
  const pairs = outer!.map((line, i) => ({ line, value: Math.abs(line.kl - inner![i]!.kl) }));
  for (const { line } of pairs) expect(line.kl).toBeCloseTo(divergence(line.before, line.after), 9);
  const clean = cleanAnswers(model, task);
  const references = new Set(pairs.map(({ line }) => line.reference)).size;
  const groups = Array.from({ length: pairs.length / references }, (_, i) =>
    pairs.slice(i * references, (i + 1) * references),
  );
  expect(groups.length).toBeGreaterThan(0);
  const gaps = groups.map(
    (group) =>
      mean(group.map(({ value }) => value)) /
      scaleOf(
        group.map(({ line }) => line),
        clean,
      ),
  );
  expect(Math.min(...gaps.map((gap) => Math.abs(gap - figures["gap"]!.estimate)))).toBeLessThan(1e-5);
}

/** drop = E [KL(without the node) − KL(circuit) − |KL(with an addition) − KL(circuit)|] / scale, of the node that says least. */
function checkDrop(
  model: Model,
  task: Task,
  lines: readonly TraceLine[],
  { figures, controls, name }: ClaimVerdict,
): void {
  const own = lines.filter(({ claim }) => claim === name);
  const rule = (text: string) => own.filter((line) => line.rule === text);
  const [whole, added] = [rule("outside ← ANY"), rule("outside but an addition ← ANY")];
  const scale = scaleOf(whole, cleanAnswers(model, task));
  const drops = controls.filter((control) => control.name.startsWith("without "));
  expect(drops.length).toBe(1 + model.config.dModel);
  for (const control of drops) {
    const dropped = rule(`${control.name} ← ANY`);
    const excess = whole.map(({ kl }, i) => dropped[i]!.kl - kl - Math.abs(added[i]!.kl - kl));
    expectFigure(control.figures, "drop", mean(excess) / scale);
  }
  expect(drops.map((control) => control.figures["drop"]!.estimate)).toContain(figures["drop"]!.estimate);
}

function scaleOf(lines: readonly TraceLine[], clean: readonly (readonly number[])[]): number {
  return mean(lines.map(({ reference, donors }) => divergence(clean[reference]!, clean[donors[0]!]!)));
}

function cleanAnswers(model: Model, task: Task): number[][] {
  const naive = new NaiveScrub(model, task);
  return task.examples.map((_, example) => naive.answers(example));
}

function effect(lines: readonly TraceLine[]): number {
  return overReferences(lines.map(({ reference, before, after }) => ({ reference, value: distance(before, after) })));
}

/** The mean over references of each one's mean. */
function overReferences(measured: readonly { reference: number; value: number }[]): number {
  const references = [...new Set(measured.map(({ reference }) => reference))];
  return mean(
    references.map((one) => mean(measured.filter(({ reference }) => reference === one).map(({ value }) => value))),
  );
}

function expectFigure(figures: ClaimVerdict["figures"], name: string, value: number): void {
  const { estimate } = figures[name]!;
  expect(Math.abs(estimate - value), `${name}: ${estimate}, by hand ${value}`).toBeLessThan(
    1e-5 * Math.max(1, Math.abs(value)),
  );
}

function expectNear(actual: readonly number[], expected: readonly number[], largest = 1): void {
  const size = Math.max(largest, ...expected.map(Math.abs));
  for (const [i, value] of actual.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5 * size);
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((total, value, i) => total + (value - b[i]!) ** 2, 0);
}

function divergence(p: readonly number[], q: readonly number[]): number {
  const logs = (values: readonly number[]) => {
    const top = Math.max(...values);
    const total = top + Math.log(values.reduce((sum, value) => sum + Math.exp(value - top), 0));
    return values.map((value) => value - total);
  };
  const [a, b] = [logs(p), logs(q)];
  return a.reduce((total, value, i) => total + Math.exp(value) * (value - b[i]!), 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}
