import type { Model } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { makeModel, PLAIN, type Entry } from "./make-model.ts";
import { makeTask, sequences, type ExampleDraft } from "./make-task.ts";

// Prompts of three fillers, tokens 4 to 6, and a last token from 0 to 3 that says two signs: whether it is among the
// first two, and whether it is even.

/** What the last token's signs say of a prompt. */
type Say = (first: boolean, even: boolean) => Pick<ExampleDraft, "answer" | "features">;

/** All prompts, with two answers. */
export function twoSignsTask(features: Parameters<typeof makeTask>[1], say: Say): Task {
  const drafts = sequences([4, 5, 6], 3).flatMap((fillers) =>
    [0, 1, 2, 3].map((id) => ({ ids: [...fillers, id], ...say(id < 2, id % 2 === 0) })),
  );
  return makeTask([0, 1], features, drafts);
}

/** Embeddings that say each sign on a channel; each filler has a channel of its own. */
export function twoSignsEmbedding(channels: { readonly first: number; readonly even: number }): Entry[] {
  const sign = (positive: boolean) => (positive ? 1 : -1);
  return [
    ...[0, 1, 2, 3].flatMap((id): Entry[] => [
      [id, channels.first, sign(id < 2)],
      [id, channels.even, sign(id % 2 === 0)],
    ]),
    ...[4, 5, 6].map((id): Entry => [id, id, 1]),
  ];
}

/** Channels that say whether the last token's id is even, and whether it is among the first two; and the answer's. */
export const [EVEN, FIRST, OUT] = [0, 1, 2];

/** Features by the names of the two channels: `a`, `b`, and whether `both` are true, which is the answer. */
export const twoNeuronsTask = twoSignsTask(["both", "a", "b"], (b, a) => ({
  answer: a && b ? 0 : 1,
  features: { both: a && b, a, b },
}));

/**
 * One neuron says whether both signs are positive, another whether the second is; the answer is what they add up to.
 *
 * @param more further weights into neurons and out of them
 */
export function twoNeurons(
  sizes: { readonly dModel: number; readonly dMlp: number },
  more: { readonly reads?: readonly Entry[]; readonly writes?: readonly Entry[] } = {},
): Promise<Model> {
  const [reads, writes] = [more.reads ?? [], more.writes ?? []];
  return makeModel(
    { ...PLAIN, ...sizes, vocabSize: 7, bias: true },
    {
      "transformer.wte.weight": twoSignsEmbedding({ first: FIRST, even: EVEN }),
      "transformer.h.0.mlp.c_fc.weight": [[0, EVEN, 1], [0, FIRST, 1], [1, FIRST, 1], ...reads],
      "transformer.h.0.mlp.c_fc.bias": [[0, 0, -1]],
      "transformer.h.0.mlp.c_proj.weight": [[OUT, 0, 2], [OUT, 1, 2], ...writes],
      "lm_head.weight": [
        [0, OUT, 2],
        [1, OUT, -2],
      ],
      final_logits_bias: [
        [0, 0, -6],
        [1, 0, 6],
      ],
    },
  );
}
