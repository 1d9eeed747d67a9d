import type { Example, Task } from "../task.ts";

/**
 * The output ids among which an example's answer is chosen, the right one first: the answer and its foil where it has
 * one, else all answers of the task. A numeric task has none.
 */
export function answerSet(task: Task, example: Example): readonly number[] {
  if (task.numeric) return [];
  if (example.foil !== undefined) return [example.answer, example.foil];
  return [example.answer, ...task.answers.filter((answer) => answer !== example.answer)];
}
