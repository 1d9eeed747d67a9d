import { sha256 } from "@filigree/core";
import type { Task } from "./task.ts";

/** Completes a task with the hash over what it asks: equal for equal tasks, whatever the order of keys. */
export function withHash(task: Omit<Task, "hash">): Task {
  const { answers, numeric, examples } = task;
  const features = Object.fromEntries(task.features.map((feature) => [feature.name, feature]));
  const hash = sha256().update(canonicalJson({ answers, numeric, features, examples })).hex();
  return { ...task, hash };
}

/** JSON with sorted keys and no blanks. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
