import { disposeModel, randomStream, seed, type Model } from "@filigree/core";
import { DEFAULTS, type Claim, type Expression, type Statement } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import { expect, test } from "vitest";
import { checkHypothesis, type ClaimVerdict } from "../../src/index.ts";
import { claimOf, hypothesisOfStatements, part } from "../support/hand-made.ts";
import { makeModel, PLAIN, type Entry } from "../support/make-model.ts";
import { makeTask, type ExampleDraft } from "../support/make-task.ts";

// The last token says a sign. Of some tokens, those of an odd mode, the embedding says something else besides.

const TOKENS = 400;
const mode = (id: number) => (id % 20 < 3 ? "odd" : "plain");

function oddModel(loudness: number): Promise<Model> {
  const random = randomStream(seed(4), "test/odd mode");
  const noise = Array.from({ length: TOKENS }, () => (random.uniform() < 0.5 ? loudness : -loudness));
  return makeModel(
    { ...PLAIN, vocabSize: TOKENS, outSize: 8 },
    {
      "transformer.wte.weight": Array.from({ length: TOKENS }, (_, id): Entry => {
        return [id, 0, (id < TOKENS / 2 ? 3 : -3) + (mode(id) === "odd" ? noise[id]! : 0)];
      }),
      "lm_head.weight": [
        [0, 0, 1],
        [1, 0, -1],
      ],
    },
  );
}

/** A model that leans to the first answer whatever it reads, a little less for the second half of the tokens. */
const YES: Parameters<typeof makeModel>[1] = {
  "transformer.wte.weight": Array.from({ length: TOKENS }, (_, id): Entry => [id, 0, id < TOKENS / 2 ? 3 : 2]),
  "lm_head.weight": [[0, 0, 1]],
};

function oddTask(): Task {
  const drafts = Array.from({ length: TOKENS }, (_, id): ExampleDraft => ({
    ids: [id],
    answer: id < TOKENS / 2 ? 0 : 1,
    features: { sign: id < TOKENS / 2, mode: mode(id) },
  }));
  return makeTask([0, 1], ["sign", { name: "mode", nuisance: true }], drafts);
}

const CARRIES: Statement = {
  kind: "carries",
  parts: [part("embed", "last")],
  feature: "sign",
  atMost: false,
  thresholds: DEFAULTS.carries,
};

const modeIs = (value: string): Expression => ({
  kind: "binary",
  operator: "==",
  left: { kind: "feature", name: "mode" },
  right: { kind: "literal", value },
});

async function checkClaims(
  claims: readonly Partial<Claim>[],
  model: Model,
  task: Task,
): Promise<readonly ClaimVerdict[]> {
  const hypothesis = hypothesisOfStatements([], {});
  const own = claims.map((changes, i) => claimOf(changes.statement ?? CARRIES, i, changes));
  const options = { file: "test.circuit", fileHash: "", backend: "wasm" };
  return (await checkHypothesis({ ...hypothesis, claims: own }, model, task, options)).claims;
}

test("the adversary finds the part of the prompts on which a claim that holds on average fails", async () => {
  const model = await oddModel(2.5);
  const [claim] = await checkClaims([{}], model, oddTask());
  disposeModel(model);
  expect(claim!.figures["r"]!.high).toBeLessThan(0.2);
  expect(claim!.figures["worst r"]!.low).toBeGreaterThan(0.2);
  expect(claim!.verdict).toBe("refuted");
  expect(claim!.why).toMatch(/holds on average, but not where .*mode/);
  const bound = claim!.bounds.find(({ figure }) => figure === "worst r");
  expect(bound!.rule).toMatch(/^EQ\(/);
  expect(bound!.seen).toMatch(/^where .*mode.*, the swaps do \d+ % of what those between prompts at random do/);
  expect(claim!.controls.map(({ name }) => name)).toContain("random subsets");
});

test("where no part fails the adversary changes nothing", async () => {
  const model = await oddModel(0.2);
  const [claim] = await checkClaims([{}], model, oddTask());
  disposeModel(model);
  expect(claim!.verdict).toBe("supported");
  expect(claim!.figures["worst r"]!.estimate).toBeLessThan(0.1);
});

test("when restricts references; donors are whoever they were", async () => {
  const model = await oddModel(2.5);
  const claims = await checkClaims(
    [{}, { when: modeIs("plain") }, { when: modeIs("odd") }, { when: modeIs("none") }],
    model,
    oddTask(),
  );
  disposeModel(model);
  const [all, plain, odd, none] = claims;
  expect(plain!.figures["r"]!.n).toBe(all!.figures["r"]!.n - 60);
  expect(odd!.figures["r"]!.n).toBe(60);
  // Donors of the odd mode bring their noise to plain references too, so that r is not 0 there.
  expect(plain!.figures["r"]!.estimate).toBeGreaterThan(0.02);
  expect(plain!.figures["r"]!.estimate).toBeLessThan(all!.figures["r"]!.estimate);
  expect(odd!.figures["r"]!.estimate).toBeGreaterThan(0.25);
  expect(odd!.verdict).toBe("refuted");
  expect(none!.verdict).toBe("untestable");
});

test("references may be chosen by their answer, of a model that does the task on all of them", async () => {
  const signIsTrue: Expression = {
    kind: "binary",
    operator: "==",
    left: { kind: "feature", name: "sign" },
    right: { kind: "literal", value: true },
  };
  const [able, stubborn] = [await oddModel(0.2), await makeModel({ ...PLAIN, vocabSize: TOKENS, outSize: 8 }, YES)];
  const [ofAble] = await checkClaims([{ when: signIsTrue }], able, oddTask());
  const [ofStubborn] = await checkClaims([{ when: signIsTrue }], stubborn, oddTask());
  disposeModel(able);
  disposeModel(stubborn);
  expect(ofAble!.figures["r"]!.n).toBe(200);
  expect(ofAble!.verdict).toBe("supported");
  expect(ofStubborn!.why).toMatch(/does not do the task/u);
});

test("controls: untrained weights and nonsense answers come to nothing, and how free the donors are is said", async () => {
  const model = await oddModel(0.2);
  const [claim] = await checkClaims([{}], model, oddTask());
  disposeModel(model);
  const nulls = claim!.controls.filter(({ verdict }) => verdict !== undefined);
  expect(nulls.map(({ name, verdict }) => [name, verdict])).toEqual([
    ["untrained weights", "untestable"],
    ["nonsense answers", "untestable"],
  ]);
  // Half of 400 examples, but for the reference itself.
  expect(claim!.figures["freedom"]!.estimate).toBeCloseTo(Math.log2(199) / Math.log2(400), 6);
});

// A head moves the type of the opener; each type stands at a place of its own.
function placedTask(): Task {
  const drafts = Array.from({ length: 64 }, (_, i): ExampleDraft => {
    const type = i % 2;
    const rest = [2, 3].map((_, bit) => 2 + ((i >> (1 + bit)) & 1));
    const tail = [2 + ((i >> 3) & 1), 2 + ((i >> 4) & 1), 2 + ((i >> 5) & 1)];
    const opener = 2 * type;
    return {
      ids: [...rest.slice(0, opener), type, ...rest.slice(opener), ...tail],
      answer: type,
      features: { type },
      positions: { opener },
    };
  });
  return makeTask([0, 1], ["type"], drafts);
}

test("any index lets donors have their roles elsewhere", async () => {
  const model = await makeModel(
    { ...PLAIN, positions: "added" },
    {
      "transformer.wte.weight": [
        [0, 0, 1],
        [1, 0, -1],
        [0, 1, 1],
        [1, 1, 1],
        ...[0, 1, 2, 3].map((id): Entry => [id, 2, 1]),
      ],
      "transformer.h.0.attn.c_attn.weight": [
        [0, 2, 3],
        [1, 1, 3],
        [2, 0, 1],
      ],
      "transformer.h.0.attn.c_proj.weight": [[3, 0, 1]],
      "lm_head.weight": [
        [0, 3, 1],
        [1, 3, -1],
      ],
    },
  );
  const statement: Statement = { ...CARRIES, parts: [part("embed", "opener")], feature: "type" };
  const [matched, any] = await checkClaims([{ statement }, { statement, anyIndex: true }], model, placedTask());
  disposeModel(model);
  expect(matched!.verdict).toBe("untestable");
  expect(matched!.why).toContain("NE(type) donor");
  expect(any!.verdict).toBe("supported");
});

test("a rival's claims stand beside the file's own and decide nothing, unless the file says what to expect", async () => {
  const model = await oddModel(0.2);
  const wrong: Statement = { ...CARRIES, feature: "mode" };
  const options = { file: "test.circuit", fileHash: "", backend: "wasm" };
  const check = async (rival: Partial<Claim>) => {
    const claims = [claimOf(CARRIES, 0), claimOf(wrong, 1, { rival: "it is the mode", ...rival })];
    return checkHypothesis({ ...hypothesisOfStatements([]), claims }, model, oddTask(), options);
  };
  const silent = await check({});
  expect(silent.claims.map(({ rival, met }) => [rival, met])).toEqual([
    [undefined, true],
    ["it is the mode", true],
  ]);
  expect(silent.met).toBe(true);
  expect(silent.claims[1]!.verdict).not.toBe("supported");
  const own = await check({ expected: "refuted" });
  disposeModel(model);
  expect(own.claims[1]!.met).toBe(own.claims[1]!.verdict === "refuted");
});
