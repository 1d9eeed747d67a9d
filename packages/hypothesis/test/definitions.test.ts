import { describe, expect, test } from "vitest";
import {
  checkCircuit,
  evaluateExpression,
  findPosition,
  parseCircuit,
  type ExpressionSubject,
  type PositionRule,
} from "../src/index.ts";
import { claimsOf, diagnose, environment, hypothesisOf } from "./quote-environment.ts";

const claim = "attn L1 copies quote type";
const named = (name: string) => ({ kind: "named", name });

const subject: ExpressionSubject = {
  tokens: ["f", "([", "x", "]", "[", " y", "'"],
  features: { "quote type": "single", "distance from start": 4, "string body": "abc" },
  positions: { opener: 4, last: 6 },
};

/** The value in the subject above of an expression that stands after `when` or `equals`. */
function valueOf(expression: string, kind: "bool" | "int" | "text" = "int") {
  const { features } = hypothesisOf(`feature under test: ${kind} = ${expression}\n${claim}`);
  return evaluateExpression(features[0]!.expression, subject);
}

describe("expressions", () => {
  test.each([
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["2 - 3 - 4", -5],
    ["- 2 * 3", -6],
    ["--2", 2],
    ["7 mod 3 * 2", 2],
    ["(-1) mod 2", 1],
    ["abs(-3) + min(2, 5) - max(1, 4)", 1],
    ["length()", 7],
    ["index(opener) - index(first)", 4],
    ["index(2)", 2],
    ['count("[")', 1],
    ["count(/[[(]/)", 2],
    ["count(/./ after 1 before opener)", 2],
    ["count(/./ after opener)", 2],
    ["if length() > 3 then 1 else 2", 1],
    ["if length() < 3 then 1 else if 1 == 1 then 5 else 6", 5],
    ['feature("distance from start") + 1', 5],
  ])("%s is %s", (expression, value) => {
    expect(valueOf(expression)).toBe(value);
  });

  test.each([
    ["not 1 == 2 and 1 == 1", true],
    ["1 == 2 and 1 == 1 or 1 == 1", true],
    ["1 == 1 or 1 == 1 and 1 == 2", true],
    ["not not true", true],
    ['quote type == "single"', true],
    ['quote_type != "single"', false],
    ["token(opener) matches /^[[]$/", true],
    ['token(last) matches /"/', false],
    ["1 ≤ 1 and 2 ≥ 1 and 1 ≠ 2", true],
    ["true == false", false],
    ["10 / 4 == 2.5", true],
  ])("%s is %s", (expression, value) => {
    expect(valueOf(expression, "bool")).toBe(value);
  });

  test("a text can be chosen", () => {
    expect(valueOf('if quote type == "single" then "\'" else "\\""', "text")).toBe("'");
    expect(valueOf("token(0)", "text")).toBe("f");
  });

  test("what has no value in an example gives none, whatever stands around it", () => {
    const { features } = hypothesisOf(
      `position nowhere = first token "zebra"\nfeature a: bool = length() > 3 or index(nowhere) > 1\n` +
        `feature b: bool = 1 / 0 > 1\nfeature c: int = 3 mod 0\nfeature d: text = token(99)\n${claim}`,
    );
    expect(features.map(({ expression }) => evaluateExpression(expression, subject))).toEqual(
      features.map(() => undefined),
    );
  });

  test("features never reach what every object has", () => {
    expect(evaluateExpression({ kind: "feature", name: "constructor" }, subject)).toBeUndefined();
    expect(evaluateExpression({ kind: "index", of: { kind: "named", name: "toString" } }, subject)).toBeUndefined();
  });
});

describe("positions", () => {
  const ruleOf = (rule: string): PositionRule => hypothesisOf(`position p = ${rule}\n${claim}`).positions[0]!.rule;

  test.each([
    ['first token "["', 4],
    ["first token matching /[[(]/", 1],
    ["last token matching /[[(]/", 4],
    ["first token matching /./ after opener", 5],
    ["last token matching /[a-z]/ before opener", 2],
    ["opener + 1", 5],
    ["opener - 5", undefined],
    ["opener", 4],
    ["last + 1", undefined],
    ["3", 3],
    ['first token "zebra"', undefined],
    ["first token matching /./ after last", undefined],
  ])("%s lies at %s", (rule, index) => {
    expect(findPosition(ruleOf(rule), subject)).toBe(index);
  });

  test("are told from what is found between others", () => {
    expect(ruleOf('first token "x" after opener before last')).toEqual({
      kind: "first",
      tokens: { kind: "exactly", text: "x" },
      after: named("opener"),
      before: named("last"),
    });
  });
});

test("definitions come in an order in which each needs only earlier ones", () => {
  const { features, positions } = hypothesisOf(`feature c: int = b + a
feature a: int = 1
feature b: int = a + 1
position q = p + 1
position p = opener + 1
${claim}`);
  expect(features.map(({ name }) => name)).toEqual(["a", "b", "c"]);
  expect(positions.map(({ name }) => name)).toEqual(["p", "q"]);
});

test("a feature may have an anchor, and then `copies` needs no place to copy from", () => {
  const text = `position bracket = first token "["\nfeature depth at bracket: int = 2\nattn L1 copies depth`;
  const { features, claims } = hypothesisOf(text);
  expect(features).toMatchObject([{ name: "depth", nuisance: false, anchor: "bracket" }]);
  expect(claims[0]!.statement).toMatchObject({ feature: "depth", from: named("bracket"), to: named("last") });
});

test("nuisances of the file and of the task are marked", () => {
  const { features, nuisances } = hypothesisOf(
    `nuisance feature a: int = 1
feature b_c: int = 2
nuisance b c, distance_from_start_not
feature d: int = 3
${claim}`.replace(", distance_from_start_not", ', "distance from start"'),
  );
  expect(features.map(({ name, nuisance }) => [name, nuisance])).toEqual([
    ["a", true],
    ["b c", true],
    ["d", false],
  ]);
  expect(nuisances).toEqual(["distance from start"]);
});

test("imports bring lets, features and positions, and nothing else", () => {
  const { claims, features, positions, nuisances } = hypothesisOf(
    'import "again.circuit"\nimport "parts.circuit"\nmover at start carries depth\neverything carries quote type',
  );
  expect(claims.map(({ text }) => text)).toEqual(["mover at start carries depth", "everything carries quote type"]);
  expect(features.map(({ name, nuisance }) => [name, nuisance])).toEqual([["depth", true]]);
  // Of the task's own features the file says itself which should not matter.
  expect(nuisances).toEqual([]);
  expect(positions).toEqual([{ name: "start", rule: { kind: "offset", from: { kind: "index", index: 0 }, by: 0 } }]);
});

test("where no reader of files is given, imports are an error, and without a model they are believed", () => {
  const text = 'model "m"\ntask t\nimport "parts.circuit"\nmover carries depth';
  const { tree } = parseCircuit(text, "quotes.circuit");
  const { shape, task } = environment;
  expect(checkCircuit(tree, {}).diagnostics).toEqual([]);
  expect(checkCircuit(tree, { shape: shape!, task: task! }).diagnostics).toMatchObject([{ code: "import" }]);
});

test("a rival holds claims and lets of its own, and `circuit` in it is its own", () => {
  const text = `let part = mlp L0 neurons 3
part carries quote type
circuit is sufficient
rival "the other way" {
  let part = mlp L1 neurons 5
  claim theirs: part carries quote type
  part + mlp L1 neurons 6 ignores string body
  circuit is sufficient
}
claim ours: part contains quote type`;
  const claims = claimsOf(text);
  expect(claims.map(({ name, rival }) => [name, rival])).toEqual([
    ["claim 1", undefined],
    ["claim 2", undefined],
    ["theirs", "the other way"],
    ["claim 4", "the other way"],
    ["claim 5", "the other way"],
    ["ours", undefined],
  ]);
  expect([claims[1], claims[4]].map((one) => one!.statement)).toMatchObject([
    { circuit: { nodes: [{ site: "0.mlp.post_act", channels: [3] }] } },
    { circuit: { nodes: [{ site: "1.mlp.post_act", channels: [5] }] } },
  ]);
});

test("a rival may stand on one line", () => {
  expect(claimsOf(`${claim}\nrival "x" { attn L0 copies quote type }`)[1]).toMatchObject({
    rival: "x",
    text: "attn L0 copies quote type",
  });
});

test("the definitions of one file cannot be mistaken for another's", () => {
  expect(diagnose(`import "parts.circuit"\nattn L1 carries detph`)[0]!.hint).toBe('did you mean "depth"?');
});
