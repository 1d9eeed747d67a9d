import type { Task } from "@filigree/tasks";
import type { Entry } from "./make-model.ts";
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
