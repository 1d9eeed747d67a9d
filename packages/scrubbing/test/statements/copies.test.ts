import { disposeModel, type Model } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { expect, test } from "vitest";
import { checkClaim } from "../support/check-text.ts";
import { makeModel, PLAIN } from "../support/make-model.ts";
import { makeTask, sequences, type ExampleDraft } from "../support/make-task.ts";

// One head moves the type of the opener (ids 0 and 1) past fillers (2 and 3) to the last token.
const [TYPE, QUOTE, ONE, OUT] = [0, 1, 2, 3];

/** @param routing how much the key of an opener depends on its type */
function typeMover(routing: number): Promise<Model> {
  return makeModel(
    { ...PLAIN, dModel: 4 },
    {
      "transformer.wte.weight": [
        [0, TYPE, 1],
        [1, TYPE, -1],
        [0, QUOTE, 1],
        [1, QUOTE, 1],
        ...[0, 1, 2, 3].map((id) => [id, ONE, 1] as const),
      ],
      "transformer.h.0.attn.c_attn.weight": [
        [0, ONE, 1],
        [1, QUOTE, 2],
        [1, TYPE, routing],
        [2, TYPE, 1],
      ],
      "transformer.h.0.attn.c_proj.weight": [[OUT, 0, 1]],
      "lm_head.weight": [
        [0, OUT, 2],
        [1, OUT, -2],
      ],
    },
  );
}

function moverTask(): Task {
  const drafts = [0, 2].flatMap((opener) =>
    sequences([2, 3], 4).flatMap((rest) =>
      [0, 1].map((type): ExampleDraft => ({
        ids: [...rest.slice(0, opener), type, ...rest.slice(opener)],
        answer: type,
        features: { type },
        positions: { opener },
      })),
    ),
  );
  return makeTask([0, 1], ["type"], drafts);
}

const CLAIM = "attn L0 copies type from opener to last via v";

test("a head that looks alike at both types copies by its values alone", async () => {
  const model = await typeMover(0);
  const { verdict, figures } = await checkClaim(CLAIM, model, moverTask());
  disposeModel(model);
  expect(verdict).toBe("supported");
  expect(figures["control"]!.estimate).toBe(0);
});

test("where the keys tell the types apart too, not only the values carry the feature", async () => {
  const model = await typeMover(1);
  const { verdict, figures, why } = await checkClaim(CLAIM, model, moverTask());
  disposeModel(model);
  expect(figures["transfer"]!.low).toBeGreaterThan(0.5);
  expect(figures["r"]!.high).toBeLessThan(0.2);
  expect(figures["control"]!.low).toBeGreaterThan(0.05);
  expect(verdict).toBe("refuted");
  expect(why).toContain("queries and keys carry type too");
});
