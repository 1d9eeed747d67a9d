import { describe, expect, test } from "vitest";
import { DEFAULTS } from "../src/index.ts";
import { claimsOf, statementOf } from "./quote-environment.ts";

const last = { kind: "named", name: "last" };
const opener = { kind: "named", name: "opener" };
const everywhere = { kind: "all" };
const neurons = { site: "0.mlp.post_act", channels: [3], position: everywhere };

test("contains, and carries at most", () => {
  const about = { parts: [neurons], feature: "quote type" };
  expect(statementOf("mlp L0 neurons 3 contains quote type expect transfer >= 20%")).toEqual({
    kind: "contains",
    ...about,
    thresholds: { ...DEFAULTS.contains, transfer: 0.2 },
  });
  expect(statementOf("mlp L0 neurons 3 carries at most quote type")).toEqual({
    kind: "carries",
    ...about,
    atMost: true,
    thresholds: DEFAULTS.carries,
  });
  expect(statementOf("mlp L0 neurons 3 carries quote type")).toMatchObject({ atMost: false });
});

test("computes names its inputs, each with the feature by which its values are drawn", () => {
  const text = `resid L0 channels 1, 2 at opener computes quote type
    from embed at opener by quote type, attn L0 head 1 + mlp L0 neurons 3, 4 by string body,
      attn L0.in at 2`;
  expect(statementOf(text)).toEqual({
    kind: "computes",
    parts: [{ site: "1.resid_in", channels: [1, 2], position: opener }],
    feature: "quote type",
    inputs: [
      { parts: [{ site: "embed", channels: "all", position: opener }], feature: "quote type" },
      {
        parts: [
          { site: "0.attn.y", channels: [8, 9, 10, 11, 12, 13, 14, 15], position: everywhere },
          { site: "0.mlp.post_act", channels: [3, 4], position: everywhere },
        ],
        feature: "string body",
      },
      { parts: [{ site: "0.attn.act_in", channels: "all", position: { kind: "index", index: 2 } }] },
    ],
    thresholds: DEFAULTS.computes,
  });
});

test("equals takes an expression", () => {
  expect(
    statementOf(
      "mlp L0 neurons 3 at last equals 2 * distance from start + 1".replace(
        "distance from start",
        'feature("distance from start")',
      ),
    ),
  ).toEqual({
    kind: "equals",
    parts: [{ ...neurons, position: last }],
    expression: {
      kind: "binary",
      operator: "+",
      left: {
        kind: "binary",
        operator: "*",
        left: { kind: "literal", value: 2 },
        right: { kind: "feature", name: "distance from start" },
      },
      right: { kind: "literal", value: 1 },
    },
    thresholds: DEFAULTS.equals,
  });
});

test("copies alone", () => {
  expect(statementOf("attn L1 copies quote type from opener to last via v alone expect rest <= 5%")).toMatchObject({
    from: opener,
    to: last,
    alone: true,
    thresholds: { rest: 0.05 },
  });
  expect(statementOf("attn L1 copies quote type alone")).toMatchObject({ feature: "quote type", alone: true });
});

test("affects and does not affect: the logits are read where the answer is", () => {
  const logits = [{ site: "logits", channels: "all", position: last }];
  expect(statementOf("mlp L0 neurons 3 affects logits")).toEqual({
    kind: "affects",
    from: [neurons],
    to: logits,
    through: [],
    thresholds: DEFAULTS.affects,
  });
  expect(statementOf("mlp L0 neurons 3 does not affect logits except through attn L1 at last expect V <= 2%")).toEqual({
    kind: "does not affect",
    from: [neurons],
    to: logits,
    through: [{ site: "1.attn.resid_delta", channels: "all", position: last }],
    thresholds: { V: 0.02 },
  });
  expect(statementOf("let out = logits\nattn L0 does not affect out + mlp L1")).toMatchObject({
    to: [{ site: "1.mlp.resid_delta" }, { site: "logits" }],
  });
});

test("complete and minimal are about the nodes that sufficient is about", () => {
  const claims = claimsOf("mlp L0 neurons 3 is sufficient, necessary jointly, complete, and minimal expect gap <= 5%");
  const circuit = { source: "mlp L0 neurons 3", nodes: [{ site: "0.mlp.post_act", channels: [3] }] };
  expect(claims.map(({ statement }) => statement)).toEqual([
    { kind: "sufficient", circuit, thresholds: DEFAULTS.sufficient },
    { kind: "necessary", circuit, thresholds: DEFAULTS.necessary },
    { kind: "complete", circuit, thresholds: { gap: 0.05 } },
    { kind: "minimal", circuit },
  ]);
});

test("conditions stand after a statement in any order, and are part of what is claimed", () => {
  const [claim] = claimsOf(`attn L1 copies quote type // so it is
    with norms held any index when length() > 3 and quote type == "a  b" expect refuted`);
  expect(claim).toMatchObject({
    text: 'attn L1 copies quote type with norms held any index when length() > 3 and quote type == "a  b"',
    when: { kind: "binary", operator: "and" },
    anyIndex: true,
    normsHeld: true,
    expected: "refuted",
  });
  expect(claimsOf("attn L1 copies quote type")[0]).toMatchObject({ anyIndex: false, normsHeld: false });
  expect(claimsOf("attn L1 copies quote type")[0]).not.toHaveProperty("when");
});

test("the words of conditions may stand in names", () => {
  const text = 'let quote mover = attn L1\nquote-mover copies quote_type when feature("quote type") == "any index"';
  expect(claimsOf(text)[0]).toMatchObject({ statement: { kind: "copies", layer: 1, feature: "quote type" } });
});

describe("what `circuit` means", () => {
  const nodesOf = (claims: string) => {
    const { circuit } = statementOf(`${claims}\ncircuit is complete`) as { circuit: { nodes: { site: string }[] } };
    return circuit.nodes.map(({ site }) => site);
  };

  test.each([
    ["mlp L1 neurons 3 contains quote type", ["1.mlp.post_act"]],
    ["mlp L1 neurons 3 computes quote type from mlp L0 neurons 3 + embed", ["0.mlp.post_act", "1.mlp.post_act"]],
    ["mlp L1 neurons 3 equals length()", ["1.mlp.post_act"]],
    ["mlp L0 neurons 3 affects mlp L1.in", ["0.mlp.post_act", "1.mlp.act_in"]],
    ["mlp L0 neurons 3 affects logits", ["0.mlp.post_act"]],
    ["mlp L0 neurons 3 carries quote type\nmlp L1 neurons 3 does not affect logits", ["0.mlp.post_act"]],
  ])("%s", (claims, sites) => {
    expect(nodesOf(claims)).toEqual(sites);
  });
});

test("two claims may say what one site computes where one of them is a rival's, or meant to fail", () => {
  const one = "mlp L0 neurons 1-5 computes quote type from embed";
  const two = "mlp L0 neurons 5 computes string body from embed";
  expect(claimsOf(`${one}\nrival "x" { ${two} }`)).toHaveLength(2);
  expect(claimsOf(`${one}\n${two} expect not supported`)).toHaveLength(2);
  expect(
    claimsOf(
      `${one} \n${two.replace("neurons 5", "neurons 5 at last").replace("embed", "embed at last")} expect refuted`,
    ),
  ).toHaveLength(2);
});
