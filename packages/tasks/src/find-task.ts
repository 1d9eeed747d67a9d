import { didYouMean, InputError } from "@filigree/core";
import { BUILT_IN_TASKS } from "./built-in/tasks.ts";
import type { TaskDefinition } from "./define/definition.ts";
import { normalName } from "./task.ts";

/**
 * The built-in task of a name.
 *
 * @throws InputError where there is none.
 */
export function findTask(reference: string): TaskDefinition {
  const name = normalName(reference);
  const definition = BUILT_IN_TASKS.find((candidate) => normalName(candidate.name) === name);
  if (definition !== undefined) return definition;
  const names = BUILT_IN_TASKS.map((candidate) => candidate.name);
  throw new InputError({
    what: `there is no task "${reference}"`,
    expected: `a built-in task (${names.join(", ")}) or a path such as ./data.jsonl`,
    hint: didYouMean(reference, names),
  });
}
