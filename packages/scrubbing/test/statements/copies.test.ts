import { disposeModel, type Model } from "@filigree/core";
import { expect, test } from "vitest";
import { checkClaim } from "../support/check-text.ts";
import { moverTask, ONE, QUOTE, TYPE, typeMover } from "../support/type-mover.ts";

/** @param routing how much the key of an opener depends on its type */
function oneHead(routing: number): Promise<Model> {
  return typeMover(1, [
    [0, ONE, 1],
    [1, QUOTE, 2],
    [1, TYPE, routing],
    [2, TYPE, 1],
  ]);
}

const CLAIM = "attn L0 copies type from opener to last via v";

test("a head that looks alike at both types copies by its values alone", async () => {
  const model = await oneHead(0);
  const { verdict, figures } = await checkClaim(CLAIM, model, moverTask());
  disposeModel(model);
  expect(verdict).toBe("supported");
  expect(figures["control"]!.estimate).toBe(0);
});

test("where the keys tell the types apart too, not only the values carry the feature", async () => {
  const model = await oneHead(1);
  const { verdict, figures, why } = await checkClaim(CLAIM, model, moverTask());
  disposeModel(model);
  expect(figures["transfer"]!.low).toBeGreaterThan(0.5);
  expect(figures["r"]!.high).toBeLessThan(0.2);
  expect(figures["control"]!.low).toBeGreaterThan(0.05);
  expect(verdict).toBe("refuted");
  expect(why).toContain("queries and keys carry type too");
});
