import { disposeModel } from "@filigree/core";
import { expect, test } from "vitest";
import { checkText, verdicts } from "../support/check-text.ts";
import { judgeMutants, VERDICT_SEED } from "../support/judge-mutants.ts";
import { textOf, type ClaimForm } from "../support/mutants.ts";
import { COPIER, copierTask, plantedCopier } from "../support/planted-copier.ts";

const head = `attn L1 head ${COPIER.head}`;
const TRUE: readonly ClaimForm[] = [
  { verb: "copies", site: head, feature: "quote type", from: "opener", to: "last" },
  { verb: "copies", site: head, feature: "quote type", from: "opener", to: "last", alone: true },
  { verb: "carries", site: head, at: "last", feature: "quote type" },
  { verb: "carries", site: `${head}.v`, at: "opener", feature: "quote type" },
  { verb: "carries", site: "embed", at: "opener", feature: "quote type" },
  { verb: "carries", site: "embed channels 0, 1", at: "opener", feature: "quote type" },
  { verb: "carries", site: "attn L1 channels 4, 5", at: "last", feature: "quote type" },
  { verb: "contains", site: "resid L1", at: "last", feature: "quote type" },
  { verb: "attends", site: head, from: "last", to: "opener", mass: 0.9 },
  { verb: "affects", site: "embed channels 0, 1", at: "opener", target: `${head}.v at opener` },
  { verb: "does not affect", site: "resid L1.in", at: "opener", target: "logits", through: `${head} at last` },
  { verb: "does not affect", site: "embed", at: "last", target: `${head}.v at opener` },
];
const POSITIVE = TRUE.filter(({ verb }) => verb !== "does not affect");
const HEADS = [0, 1].flatMap((layer) => Array.from({ length: COPIER.heads }, (_, h) => `attn L${layer} head ${h}`));
const CHOICES = {
  sites: [...HEADS, `${head}.q`, `${head}.k`, "mlp L0", "embed channels 6-8", "attn L1 channels 12-23"],
  movers: HEADS,
  heads: HEADS,
  positions: ["opener", "after", "last"],
  features: ["quote type", "last filler"],
  targets: ["logits", `${head}.v at opener`, `${head}.v at after`, "attn L1 head 0 at last"],
  expressions: [],
};

test("among decoys, norms, AbsTopK and sinks what is planted is supported, and no false mutant of it", async () => {
  const on = { model: await plantedCopier({ noise: 11 + VERDICT_SEED }), task: copierTask() };
  const { originals, mutants } = await judgeMutants("planted copier", on, TRUE, CHOICES);
  expect(originals.filter(({ verdict, holds }) => verdict !== "supported" || !holds)).toEqual([]);
  expect(Math.max(...originals.map(({ r }) => r))).toBeLessThan(0.01);
  expect(mutants.filter(({ verdict, holds }) => verdict === "supported" && !holds)).toEqual([]);
  expect(mutants.filter(({ verdict, holds }) => verdict === "refuted" && holds)).toEqual([]);
}, 600_000);

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
  const model = await plantedCopier({ alive: false });
  const document = await checkText(POSITIVE.map(textOf).join("\n"), model, copierTask());
  disposeModel(model);
  expect(Object.values(verdicts(document))).not.toContain("supported");
});
