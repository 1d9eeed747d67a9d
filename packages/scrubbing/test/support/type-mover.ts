import type { Model } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { makeModel, PLAIN, type Entry } from "./make-model.ts";
import { makeTask, sequences, type ExampleDraft } from "./make-task.ts";

// Heads of one layer move the type of the opener (ids 0 and 1) past fillers (2 and 3) to the last token.

/** Residual channels. */
export const [TYPE, QUOTE, ONE, OUT] = [0, 1, 2, 3] as const;

/**
 * A model with heads of one channel each, all of which write to the answer.
 *
 * @param attention entries of the matrix of queries, keys and values: rows in this order, a head each
 */
export function typeMover(nHead: number, attention: readonly Entry[]): Promise<Model> {
  return makeModel(
    { ...PLAIN, nHead, dModel: 4 },
    {
      "transformer.wte.weight": [
        [0, TYPE, 1],
        [1, TYPE, -1],
        [0, QUOTE, 1],
        [1, QUOTE, 1],
        ...[0, 1, 2, 3].map((id) => [id, ONE, 1] as const),
      ],
      "transformer.h.0.attn.c_attn.weight": attention,
      "transformer.h.0.attn.c_proj.weight": Array.from({ length: nHead }, (_, head): Entry => [OUT, head, 1]),
      "lm_head.weight": [
        [0, OUT, 2],
        [1, OUT, -2],
      ],
    },
  );
}

export function moverTask(): Task {
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
