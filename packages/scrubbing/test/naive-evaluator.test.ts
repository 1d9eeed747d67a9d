import { disposeModel, NODE_SITE_KINDS, siteAt } from "@filigree/core";
import type { Position, Statement } from "@filigree/hypothesis";
import type { Example, Task } from "@filigree/tasks";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ClaimVerdict, TraceLine } from "../src/index.ts";
import { checkText, hypothesisOf } from "./support/check-text.ts";
import { some } from "./support/make-task.ts";
import { anyConfig, randomCase } from "./support/random-case.ts";
import { replay, undisturbed } from "./support/replay.ts";

// The engine against the definitions: each swap of the trace is done again by hand, one at a time, and the figures are
// worked out again from the trace. With more donors asked for than there are, all are taken, so nothing is left to chance.

const SETTINGS = "donors 1000";

/** Claims about a model with one or two layers, at least one head and two channels anywhere. */
const anyClaim = fc
  .record({
    layer: fc.constantFrom(0, 1),
    feature: fc.constantFrom("said", "noise"),
    at: fc.constantFrom("spot", "last", "all", "1"),
  })
  .chain(({ layer, feature, at }) =>
    fc.constantFrom(
      `embed at ${at} carries ${feature}`,
      `resid L${layer}.mid channels 0, 2-3 at ${at} carries ${feature}`,
      `attn L${layer} head 0.q at ${at} carries ${feature}`,
      `attn L${layer} head 0.q at ${at} carries ${feature} with norms held`,
      `attn L${layer} head 0 at ${at} + mlp L${layer} neurons 1, 2 at last carries ${feature}`,
      `attn L${layer}.pattern at ${at} carries ${feature}`,
      `attn L${layer}.k channel 1 at ${at} ignores ${feature}`,
      `mlp L${layer}.in at ${at} ignores ${feature}`,
      `attn L${layer} copies said from ${at} to last via v`,
      `attn L${layer} head 0 copies said from spot to ${at} via v`,
      `{ attn L${layer}.v channel 0 + mlp L${layer} + attn L0 } is sufficient`,
      `{ attn L${layer}.act_in } is necessary`.replace(".act_in", ".in"),
    ),
  );

test("every swap and every figure is what a literal evaluator finds", async () => {
  const measured = new Set<string>();
  const claims = fc.uniqueArray(anyClaim, { minLength: 3, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(anyConfig, fc.integer({ min: 1, max: 1e6 }), claims, async (config, number, texts) => {
      const { model, task } = await randomCase({ ...config, nLayer: 2 }, number);
      const lines: TraceLine[] = [];
      const document = await checkText([SETTINGS, ...texts].join("\n"), model, task, (line) => lines.push(line));
      expect(document.model.accuracy).toBe(1);
      const clean = task.examples.map((_, i) => undisturbed(model, task, i));
      const { claims } = hypothesisOf(texts.join("\n"), model, task);
      for (const [i, claim] of document.claims.entries()) {
        const own = lines.filter((line) => line.claim === claim.name);
        expect(own.filter((line) => strays(line, claims[i]!.statement, task))).toEqual([]);
        for (const line of some(own, 15, "lines")) {
          expectNear(line.before, clean[line.reference]!);
          expectNear(line.after, replay(model, task, line));
        }
        checkFigures(claim, own, task, clean);
        if (claim.verdict !== "untestable") measured.add(/carries|ignores|copies|\w+$/.exec(claim.text)![0]);
      }
      disposeModel(model);
    }),
    { numRuns: 7, seed: 1 },
  );
  expect([...measured].sort()).toEqual(["carries", "copies", "ignores", "necessary", "sufficient"]);
}, 120_000);

/** A line that swaps something else than its statement is about, or with a donor that its rule forbids. */
function strays(line: TraceLine, statement: Statement, task: Task): boolean {
  const { rule, writes } = line;
  const [x, y] = [task.examples[line.reference]!, task.examples[line.donors[0]!]!];
  const feature = /\((\w+)\)/.exec(rule)?.[1];
  const allowed = feature === undefined || (x.features[feature] === y.features[feature]) === rule.includes("EQ");
  const own = (x.ids.join() === y.ids.join()) === (rule === "SELF");
  const written = writes.map(({ site, position, from, receiver }) => {
    const source = "donor" in from ? from.position : "value";
    return [site, position, source, receiver?.site, receiver?.position].join(" ");
  });
  return !allowed || !own || written.sort().join("\n") !== planned(rule, statement, x, y).sort().join("\n");
}

/** What should be written: site, token, donor's token, and where it is received if not everywhere. */
function planned(rule: string, statement: Statement, x: Example, y: Example): string[] {
  const tokens = ({ ids, positions }: Example, position: Position) => {
    if (position.kind === "all") return ids.map((_, t) => t);
    return [position.kind === "index" ? position.index : positions[position.name]!];
  };
  const part = (site: string, position: Position, receiver = " ") =>
    tokens(x, position).map((to, i) => `${site} ${to} ${tokens(y, position)[i]!} ${receiver}`);
  switch (statement.kind) {
    case "carries":
    case "ignores":
      return statement.parts.flatMap(({ site, position }) => part(site, position));
    case "copies": {
      const { layer, from, to } = statement;
      if (rule.startsWith("q, k")) return [...part(`${layer}.attn.q`, to), ...part(`${layer}.attn.k`, from)];
      return tokens(x, to).flatMap((row) => part(`${layer}.attn.v`, from, `${layer}.attn.y ${row}`));
    }
    case "sufficient":
    case "necessary": {
      const named = new Map(statement.circuit.nodes.map(({ site, channels }) => [site, channels]));
      const sites = [0, 1].flatMap((layer) => NODE_SITE_KINDS.map((kind) => siteAt(layer, kind)));
      // Without channels in the line a site that is half inside stands for both.
      const replaced = sites.filter((site) =>
        statement.kind === "necessary" ? named.has(site) : named.get(site) !== "all",
      );
      return replaced.map((site) => `${site} all all  `);
    }
    default:
      throw new Error("Not among the claims.");
  }
}

function checkFigures(claim: ClaimVerdict, lines: readonly TraceLine[], task: Task, clean: readonly number[][]): void {
  const expectFigure = (name: string, value: number) => {
    const estimate = claim.figures[name]!.estimate;
    expect(Math.abs(estimate - value), `${name} of "${claim.text}": ${estimate}, by hand ${value}`).toBeLessThan(
      1e-5 * Math.max(1, Math.abs(value)),
    );
  };
  if (claim.verdict === "untestable" || claim.proven) return;
  const rule = (name: string) => lines.filter((line) => line.rule === name);
  const pairs = task.examples.flatMap((x, i) =>
    task.examples.flatMap((y, j) =>
      x.ids.join() === y.ids.join() ? [] : [{ reference: i, value: square(clean[i]!, clean[j]!) }],
    ),
  );
  const scale = overReferences(pairs);
  const effect = (name: string) =>
    overReferences(rule(name).map((line) => ({ reference: line.reference, value: square(line.before, line.after) })));
  const misstated = lines.filter((line) => Math.abs(line.delta2 - square(line.before, line.after)) > 1e-9);
  expect(misstated).toEqual([]);
  const feature = / (?:carries|ignores|copies) (said|noise)/.exec(claim.text)?.[1];
  if (claim.text.includes("carries")) {
    expectFigure("V", effect("ANY") / scale);
    expectFigure("r", effect(`EQ(${feature})`) / (effect("ANY") || 1));
    expectFigure("change", (effect(`NE(${feature})`) - effect(`EQ(${feature})`)) / scale);
    if ("transfer" in claim.figures !== (feature === "said")) throw new Error(`transfer of "${claim.text}"`);
    if (feature === "said") expectFigure("transfer", transferOf(rule("NE(said)"), task, clean));
  } else if (claim.text.includes("ignores")) {
    expectFigure("V", effect(`NE(${feature})`) / scale);
    expectFigure("V(ANY)", effect("ANY") / scale);
  } else if (claim.text.includes("copies")) {
    expectFigure("transfer", transferOf(rule("v NE(said)"), task, clean));
    expectFigure("V", effect("v ANY") / scale);
    expectFigure("r", effect("v EQ(said)") / (effect("v ANY") || 1));
    expectFigure("control", (effect("q, k NE(said)") - effect("q, k EQ(said)")) / scale);
  } else if (claim.text.includes("necessary")) {
    expectFigure("V", effect("circuit ← ANY") / scale);
  } else {
    const swaps = rule("outside ← ANY");
    const own = swaps.map(({ reference, before, after }) => ({ reference, value: kl(before, after) }));
    const whole = swaps.map(({ reference, donors }) => ({
      reference,
      value: kl(clean[reference]!, clean[donors[0]!]!),
    }));
    expectFigure("U", overReferences(own) / overReferences(whole));
  }
}

/** `said` is the answer, so the donor's answer is the predicted one. */
function transferOf(lines: readonly TraceLine[], task: Task, clean: readonly number[][]): number {
  const shift = (after: (line: TraceLine) => readonly number[]) =>
    overReferences(
      lines.map((line) => {
        const answer = task.examples[line.donors[0]!]!.answer;
        const lean = (values: readonly number[]) => values[answer]! - values[1 - answer]!;
        return { reference: line.reference, value: lean(after(line)) - lean(line.before) };
      }),
    );
  return shift(({ after }) => after) / shift(({ donors }) => clean[donors[0]!]!);
}

function overReferences(measured: readonly { reference: number; value: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((total, value) => total + value, 0) / values.length;
  const references = [...new Set(measured.map(({ reference }) => reference))];
  return mean(
    references.map((one) => mean(measured.filter(({ reference }) => reference === one).map(({ value }) => value))),
  );
}

function square(a: readonly number[], b: readonly number[]): number {
  return a.reduce((total, value, i) => total + (value - b[i]!) ** 2, 0);
}

function kl(p: readonly number[], q: readonly number[]): number {
  const probabilities = (values: readonly number[]) => {
    const weights = values.map(Math.exp);
    const total = weights.reduce((a, b) => a + b, 0);
    return weights.map((weight) => weight / total);
  };
  const [a, b] = [probabilities(p), probabilities(q)];
  return a.reduce((total, value, i) => total + value * Math.log(value / b[i]!), 0);
}

function expectNear(actual: readonly number[], expected: readonly number[]): void {
  const size = Math.max(1, ...expected.map(Math.abs));
  for (const [i, value] of actual.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-5 * size);
}
