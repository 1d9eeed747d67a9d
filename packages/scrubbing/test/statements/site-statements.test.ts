import { disposeModel, type Model } from "@filigree/core";
import { DEFAULTS, type AffectsStatement, type Expression, type SitePart, type Statement } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import { expect, test } from "vitest";
import { checkStatements, part } from "../support/hand-made.ts";
import { makeModel, PLAIN, type Entry } from "../support/make-model.ts";
import { makeTask, type ExampleDraft } from "../support/make-task.ts";
import { COPIER, copierTask, plantedCopier } from "../support/planted-copier.ts";
import { moverTask, ONE, QUOTE, TYPE, typeMover } from "../support/type-mover.ts";

async function verdictsOf(statements: readonly Statement[], model: Model, task: Task, settings = {}) {
  const { claims } = await checkStatements(statements, model, task, { donors: 2, ...settings });
  return claims;
}

const contains = (one: SitePart, feature: string): Statement => ({
  kind: "contains",
  parts: [one],
  feature,
  thresholds: DEFAULTS.contains,
});

const carries = (one: SitePart, feature: string, atMost = false): Statement => ({
  kind: "carries",
  parts: [one],
  feature,
  atMost,
  thresholds: DEFAULTS.carries,
});

// Two signs a token: the answer follows the sum of one loud and one soft sign, which is never nought.
function twoSigns(): Promise<Model> {
  const level = (id: number) => (id % 2 === 0 ? 2 : -2) + (id % 4 < 2 ? 1 : -1);
  return makeModel(
    { ...PLAIN, vocabSize: 128 },
    {
      "transformer.wte.weight": Array.from({ length: 128 }, (_, id): Entry => [id, 0, level(id)]),
      "lm_head.weight": [
        [0, 0, 1],
        [1, 0, -1],
      ],
    },
  );
}

function twoSignsTask(): Task {
  const drafts = Array.from({ length: 128 }, (_, id): ExampleDraft => ({
    ids: [id],
    answer: id % 2,
    features: { loud: id % 2 === 0, soft: id % 4 < 2, name: id % 8 },
  }));
  return makeTask([0, 1], ["loud", { name: "soft", nuisance: true }, { name: "name", nuisance: true }], drafts);
}

test("contains asks for the change alone; carries asks that there be nothing else", async () => {
  const [model, task] = [await twoSigns(), twoSignsTask()];
  const embed = part("embed", "last");
  const loud = { ...DEFAULTS.carries, r: 0.1 };
  const found = await verdictsOf(
    [contains(embed, "loud"), { ...carries(embed, "loud"), thresholds: loud } as Statement],
    model,
    task,
  );
  disposeModel(model);
  expect(found.map(({ verdict }) => verdict)).toEqual(["supported", "refuted"]);
  expect(found[0]!.figures["r"]).toBeUndefined();
});

test("a site without the feature does not contain it", async () => {
  const [model, task] = [await plantedCopier(), copierTask()];
  const found = await verdictsOf(
    [contains(part("embed", "after"), "quote type"), contains(part("embed", "opener"), "quote type")],
    model,
    task,
  );
  disposeModel(model);
  expect(found.map(({ verdict }) => verdict)).toEqual(["refuted", "supported"]);
});

test("carries at most f does not ask that all values of f be told apart", async () => {
  const [model, task] = [await twoSigns(), twoSignsTask()];
  // Eight names of the loud sign, of which the site cannot tell those of one sign and softness apart.
  const fine: Task = { ...task, features: [{ name: "name", nuisance: false }] };
  const found = await verdictsOf(
    [carries(part("embed", "last"), "name"), carries(part("embed", "last"), "name", true)],
    model,
    {
      ...fine,
      examples: fine.examples.map((x) => ({ ...x, features: { name: `${x.features["loud"]} ${x.ids[0]! % 8}` } })),
    },
  );
  disposeModel(model);
  expect(found[1]!.verdict).toBe("supported");
  expect(found[1]!.figures["distinguishes"]).toBeUndefined();
  expect(found[0]!.figures["distinguishes"]).toBeDefined();
});

/** Two heads move the type of the opener, over two routes. @param second how much the second moves */
function twoRoutes(second: number): Promise<Model> {
  return typeMover(2, [
    [0, ONE, 3],
    [1, ONE, 3],
    [2, QUOTE, 3],
    [3, QUOTE, 3],
    [4, TYPE, 1],
    [5, TYPE, second],
  ]);
}

const named = (name: string) => ({ kind: "named", name }) as const;
const copies = (heads: "all" | readonly number[], alone: boolean): Statement => ({
  kind: "copies",
  layer: 0,
  heads,
  feature: "type",
  from: named("opener"),
  to: named("last"),
  alone,
  thresholds: DEFAULTS.copies,
});

test("a second route refutes `alone` and is only reported otherwise", async () => {
  const task = moverTask();
  const found = [];
  for (const second of [0, 0.6]) {
    const model = await twoRoutes(second);
    found.push(await verdictsOf([copies([0], true), copies([0], false), copies("all", true)], model, task));
    disposeModel(model);
  }
  expect(found[0]!.map(({ verdict }) => verdict)).toEqual(["supported", "supported", "supported"]);
  expect(found[1]!.map(({ verdict }) => verdict)).toEqual(["refuted", "supported", "supported"]);
  expect(found[1]![0]!.why).toContain("not alone");
  expect(found[1]![0]!.bounds.find(({ figure }) => figure === "rest")!.seen).toMatch(
    /^with the path held, the rest of a prompt with another type moves the answers 3[78] % of the way$/u,
  );
  // 0.6 of 1.6 comes along the other head.
  expect(found[1]![0]!.figures["rest"]!.estimate).toBeCloseTo(0.375, 4);
  const rest = found[1]![1]!.controls.find(({ name }) => name.startsWith("rest"));
  expect(rest!.figures["transfer"]!.estimate).toBeCloseTo(0.375, 4);
  const heads = found[1]![2]!.controls.filter(({ name }) => name.startsWith("head"));
  expect(heads.map(({ name, figures }) => [name, figures["transfer"]!.estimate.toFixed(3)])).toEqual([
    ["head 0", "0.625"],
    ["head 1", "0.375"],
  ]);
});

const affects = (
  kind: AffectsStatement["kind"],
  from: SitePart,
  to: SitePart,
  through: readonly SitePart[] = [],
): Statement => ({
  kind,
  from: [from],
  to: [to],
  through,
  thresholds: { V: 0.01 },
});

test("what affects what, by B's own values, and past what is held", async () => {
  const [model, task] = [await plantedCopier(), copierTask()];
  const head = (h: number) => Array.from({ length: 4 }, (_, c) => 4 * h + c);
  const logits = part("logits", "last");
  const opener = part("embed", "opener");
  const copier = part("1.attn.y", "last", head(COPIER.head));
  const decoy = part("1.attn.y", "last", head(0));
  const found = await verdictsOf(
    [
      affects("affects", opener, logits),
      affects("affects", opener, part("1.attn.v", "opener", head(COPIER.head))),
      affects("does not affect", opener, logits),
      affects("does not affect", part("resid_mid".replace("resid", "0.resid"), "opener"), logits, [copier]),
      affects("does not affect", part("0.resid_mid", "opener"), logits, [decoy]),
      affects("affects", part("embed", "last"), part("1.attn.v", "opener")),
      affects("affects", copier, copier),
    ],
    model,
    task,
  );
  disposeModel(model);
  expect(found.map(({ verdict, proven }) => (proven ? `${verdict}, proven` : verdict))).toEqual([
    "supported",
    "supported",
    "refuted",
    "supported",
    "refuted",
    "refuted, proven",
    "untestable",
  ]);
  expect(found[2]!.figures["V"]!.estimate).toBeGreaterThan(0.9);
});

test("zeros of the weights answer claims about paths that are not there, without a run", async () => {
  const model = await plantedCopier({ alive: false });
  const found = await verdictsOf(
    [
      carries(part("0.mlp.post_act", "opener"), "quote type"),
      affects("does not affect", part("1.mlp.post_act", "last"), part("1.attn.q", "last")),
      { ...copies([2], false), layer: 1, feature: "quote type" } as Statement,
    ],
    model,
    copierTask(),
  );
  disposeModel(model);
  expect(found.map(({ verdict, proven, forwardPasses }) => [verdict, proven, forwardPasses])).toEqual([
    ["refuted", true, 0],
    ["supported", true, 0],
    ["refuted", true, 0],
  ]);
});

// The embedding of token k says a level, with a bump where it is told to; the answer is its sign.
function levels(bump: (id: number) => number): Promise<Model> {
  return makeModel(
    { ...PLAIN, vocabSize: 200 },
    {
      "transformer.wte.weight": Array.from({ length: 200 }, (_, id): Entry => [id, 0, (id - 99.5) / 10 + bump(id)]),
      "lm_head.weight": [
        [0, 0, -1],
        [1, 0, 1],
      ],
    },
  );
}

function levelsTask(): Task {
  const drafts = Array.from({ length: 200 }, (_, id): ExampleDraft => ({
    ids: [id],
    answer: id < 100 ? 0 : 1,
    features: { level: id, parity: id % 2 },
  }));
  return makeTask([0, 1], ["level", "parity"], drafts);
}

const feature = (name: string): Expression => ({ kind: "feature", name });
const equals = (expression: Expression): Statement => ({
  kind: "equals",
  parts: [part("embed", "last")],
  expression,
  thresholds: DEFAULTS.equals,
});

test("equals: an affine function of the expression stands in for the site", async () => {
  const square: Expression = { kind: "binary", operator: "*", left: feature("level"), right: feature("level") };
  const model = await levels(() => 0);
  const found = await verdictsOf(
    [equals(feature("level")), equals(feature("parity")), equals({ kind: "literal", value: 3 }), equals(square)],
    model,
    levelsTask(),
  );
  disposeModel(model);
  expect(found.map(({ verdict }) => verdict)).toEqual(["supported", "refuted", "untestable", "supported"]);
  expect(found[0]!.figures["r"]!.estimate).toBeLessThan(1e-9);
  expect(found[0]!.figures["R²"]!.estimate).toBeCloseTo(1, 6);
  // A parabola is a fair line over this stretch: what counts is what the stand-in does.
  expect(found[3]!.figures["R²"]!.estimate).toBeGreaterThan(0.9);
});

test("equals: where the site is another function, the stand-in fails", async () => {
  const model = await levels((id) => (id % 2 === 0 ? 40 : -40));
  const task = levelsTask();
  const examples = task.examples.map((x, id) => ({ ...x, answer: id % 2 === 0 ? 1 : 0, foil: id % 2 }));
  const found = await verdictsOf([equals(feature("level")), equals(feature("parity"))], model, { ...task, examples });
  disposeModel(model);
  expect(found[0]!.verdict).toBe("refuted");
  expect(found[0]!.controls.some(({ name }) => name.startsWith("shuffled"))).toBe(true);
  expect(found[1]!.verdict).toBe("supported");
});
