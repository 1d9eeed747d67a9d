import { disposeModel } from "@filigree/core";
import { DEFAULTS, type CopiesStatement, type Statement } from "@filigree/hypothesis";
import { expect, test } from "vitest";
import { checkHypothesis } from "../../src/index.ts";
import { checkStatements, CIRCUIT_IS_SUFFICIENT, claimOf, hypothesisOfStatements, part } from "../support/hand-made.ts";
import { COPIER, copierTask, plantedCopier } from "../support/planted-copier.ts";

// The planted copier: head 2 of layer 1 copies the quote type from the opener to the last token. Everything else is noise.

const FEATURE = "quote type";
const SLICE = Array.from({ length: 4 }, (_, c) => COPIER.head * 4 + c);
const MIX = part(`${COPIER.layer}.attn.y`, "last", SLICE);
const COPY: CopiesStatement = {
  kind: "copies",
  layer: COPIER.layer,
  heads: [COPIER.head],
  feature: FEATURE,
  from: { kind: "named", name: "opener" },
  to: { kind: "named", name: "last" },
  alone: false,
  thresholds: DEFAULTS.copies,
};

function carries(site: ReturnType<typeof part>, feature: string): Statement {
  return { kind: "carries", parts: [site], feature, atMost: false, thresholds: DEFAULTS.carries };
}

async function whole(...statements: Statement[]) {
  const model = await plantedCopier();
  const { claims } = await checkStatements([CIRCUIT_IS_SUFFICIENT, ...statements], model, copierTask(), { donors: 2 });
  disposeModel(model);
  return claims[0]!;
}

test("a file that names the copying head, its feature and its source explains the answers", async () => {
  const claim = await whole(COPY);
  expect(claim.figures["U"]!.estimate).toBeLessThan(0.01);
  expect(claim.figures["recovered"]!.estimate).toBeGreaterThan(0.98);
  expect(claim.figures["freedom"]!.estimate).toBeGreaterThan(0.5);
  expect(claim.verdict, claim.why).toBe("supported");
});

test("with the wrong feature, head, place or layer it explains nothing", async () => {
  const wrong: Statement[] = [
    { ...COPY, feature: "last filler" },
    { ...COPY, heads: [1] },
    { ...COPY, from: { kind: "named", name: "after" } },
    { ...COPY, layer: 0 },
    { ...COPY, to: { kind: "named", name: "opener" } },
  ];
  for (const statement of wrong) {
    const { verdict, figures } = await whole(statement);
    expect(figures["U"]!.low).toBeGreaterThan(0.3);
    expect(verdict).toBe("refuted");
  }
});

test("two claims that explain a site by different features cannot both hold", async () => {
  const { verdict, why } = await whole(carries(MIX, FEATURE), carries(MIX, "last filler"));
  expect(verdict).toBe("untestable");
  expect(why).toContain("only one can hold");
});

test("claims about overlapping sites are not scrubbed together", async () => {
  const half = part(`${COPIER.layer}.attn.y`, "last", SLICE.slice(0, 2));
  const { verdict, why } = await whole(carries(MIX, FEATURE), carries(half, FEATURE));
  expect(verdict).toBe("untestable");
  expect(why).toContain("overlap");
});

test("a claim that is meant to fail is no part of the circuit", async () => {
  const model = await plantedCopier();
  const hypothesis = hypothesisOfStatements([CIRCUIT_IS_SUFFICIENT, COPY]);
  const claims = [hypothesis.claims[0]!, claimOf(COPY, 1, { expected: "refuted" })];
  const options = { file: "test.circuit", fileHash: "", backend: "wasm" };
  const { claims: found } = await checkHypothesis({ ...hypothesis, claims }, model, copierTask(), options);
  disposeModel(model);
  expect(found[0]!.verdict).toBe("untestable");
  expect(found[0]!.why).toContain("no claim of the file");
});
