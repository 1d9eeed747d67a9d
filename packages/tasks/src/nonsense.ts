import { InputError, randomStream, type Seed } from "@filigree/core";
import { withHash } from "./task-hash.ts";
import type { Task } from "./task.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** What a reference to a task ends in where its nonsense variant is meant. */
export const NONSENSE = ":nonsense";

/** Words are what answers are replaced by, where the vocabulary has enough. */
const WORD = /^ ?\p{L}{2,}$/u;

/**
 * The same prompts, features and pairs with answers that mean nothing: each answer is replaced by another output, the
 * same wherever it occurs, so that what decides the answer stays. What a model was trained on says nothing about these
 * answers; a method that finds a circuit for them all the same shows what its circuits are worth.
 *
 * @throws InputError for a task whose answers are numbers, or where there are too few outputs.
 */
export function nonsenseTask(task: Task, { tokenizer, outSize }: Vocabulary, seed: Seed): Task {
  const where = `task ${task.name}${NONSENSE}`;
  if (task.numeric)
    throw new InputError({ what: "numbers have no nonsense variant", where, expected: "a choice among tokens" });
  const used = new Set([
    ...task.answers,
    ...task.examples.flatMap(({ answer, foil }) => (foil === undefined ? [answer] : [answer, foil])),
  ]);
  const others = Array.from({ length: outSize }, (_, id) => id).filter((id) => !used.has(id));
  const words = others.filter(
    (id) => tokenizer !== undefined && id < tokenizer.vocabSize && WORD.test(tokenizer.token(id)),
  );
  const pool = words.length >= used.size ? words : others;
  if (pool.length < used.size) {
    throw new InputError({
      what: "there are too few other outputs",
      where,
      expected: `${used.size} beside the answers`,
    });
  }
  const drawn = randomStream(seed, `tasks/${task.name}/nonsense`).sample(pool, used.size);
  const ids = [...used].sort((a, b) => a - b);
  const instead = new Map(ids.map((id, index) => [id, drawn[index]!]));
  const replaced = (id: number): number => instead.get(id)!;
  return withHash({
    ...task,
    name: `${task.name}${NONSENSE}`,
    answers: task.answers.map(replaced),
    examples: task.examples.map(({ answer, foil, ...example }) => ({
      ...example,
      answer: replaced(answer),
      ...(foil === undefined ? {} : { foil: replaced(foil) }),
    })),
  });
}
