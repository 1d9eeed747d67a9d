import { disposeModel } from "@filigree/core";
import { expect, test } from "vitest";
import { checkText, verdicts } from "../support/check-text.ts";
import { mutantsOf, textOf, type ClaimForm } from "../support/mutants.ts";
import { COPIER, copierTask, plantedCopier } from "../support/planted-copier.ts";

const head = `attn L1 head ${COPIER.head}`;
const TRUE: readonly ClaimForm[] = [
  { verb: "copies", site: head, feature: "quote type", from: "opener", to: "last" },
  { verb: "carries", site: head, at: "last", feature: "quote type" },
  { verb: "carries", site: `${head}.v`, at: "opener", feature: "quote type" },
  { verb: "carries", site: "embed", at: "opener", feature: "quote type" },
  { verb: "attends", site: head, from: "last", to: "opener", mass: 0.9 },
];
const HEADS = [0, 1].flatMap((layer) => Array.from({ length: COPIER.heads }, (_, h) => `attn L${layer} head ${h}`));
const CHOICES = {
  sites: [...HEADS, `${head}.q`, `${head}.k`, "mlp L0"],
  movers: HEADS,
  heads: HEADS,
  positions: ["opener", "after", "last"],
  features: ["quote type", "last filler"],
};

test("among decoys, norms, AbsTopK and sinks only the planted head is supported", async () => {
  const model = await plantedCopier();
  // By construction nothing else carries or moves the type: no mutant is true.
  const mutants = mutantsOf(TRUE, CHOICES);
  const text = ["donors 2", ...TRUE.map(textOf), ...mutants].join("\n");
  const document = await checkText(text, model, copierTask());
  disposeModel(model);
  expect(document.model.accuracy).toBe(1);

  const originals = document.claims.slice(0, TRUE.length);
  expect(originals.map(({ verdict }) => verdict)).toEqual(TRUE.map(() => "supported"));
  for (const { figures } of originals) expect(figures["r"]?.estimate ?? 0).toBeLessThan(0.01);

  const changed = document.claims.slice(TRUE.length);
  expect(changed.filter(({ verdict }) => verdict === "supported").map(({ text }) => text)).toEqual([]);
  expect(changed.length).toBe(54);
}, 120_000);

test("all heads of the layer together copy as the planted one alone does, and its part is shown", async () => {
  const model = await plantedCopier();
  const { claims } = await checkText("attn L1 copies quote type from opener to last via v", model, copierTask());
  disposeModel(model);
  const [claim] = claims;
  expect(claim!.verdict).toBe("supported");
  const parts = claim!.controls.filter(({ name }) => name.startsWith("head "));
  const transfer = (h: number) => parts.find(({ name }) => name === `head ${h}`)?.figures["transfer"]!.estimate ?? 0;
  expect(transfer(COPIER.head)).toBeGreaterThan(0.95);
  for (const other of [0, 1, 3]) expect(Math.abs(transfer(other))).toBeLessThan(0.05);
});

test("of a head that attends but writes nothing, nothing is supported", async () => {
  const model = await plantedCopier(false);
  const document = await checkText(TRUE.map(textOf).join("\n"), model, copierTask());
  disposeModel(model);
  expect(Object.values(verdicts(document))).not.toContain("supported");
});
