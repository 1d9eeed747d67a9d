import type { ListedTask } from "../model/list-tasks-for.ts";
import { count } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { padEnd, widthOf, wrap } from "./text.ts";

const INDENT = "  ";

/** The list of tasks for a person: a paragraph each. */
export function renderTasks(tasks: readonly ListedTask[], look: { paint: Paint; columns: number }): string {
  return tasks.map((task) => renderTask(task, look)).join("\n\n");
}

function renderTask(task: ListedTask, { paint, columns }: { paint: Paint; columns: number }): string {
  const { prompt, answer } = task.example;
  const rows: [string, string][] = [
    ["prompt", JSON.stringify(prompt)],
    ["answer", JSON.stringify(answer)],
    ["features", task.features.join(", ")],
    ["positions", task.positions.join(", ")],
  ];
  const { inVocabulary, notInVocabulary } = task;
  if (inVocabulary) {
    const { examples, tokens, answers } = inVocabulary;
    rows.push(["examples", `${count(examples.test)} test, ${count(examples.dev)} dev`]);
    rows.push([
      "tokens",
      `${tokens.map((token) => JSON.stringify(token)).join(" ")} → ${answers.map((a) => JSON.stringify(a)).join(" or ")}`,
    ]);
  }
  if (notInVocabulary !== undefined) rows.push(["this model", notInVocabulary]);
  const width = Math.max(...rows.map(([name]) => widthOf(name)));
  const body = rows.flatMap(([name, value]) => {
    const [first, ...rest] = wrapExact(value, columns - width - 2 * INDENT.length);
    return [
      `${INDENT}${paint.dim(padEnd(name, width))}${INDENT}${first}`,
      ...rest.map((line) => `${INDENT}${" ".repeat(width)}${INDENT}${line}`),
    ];
  });
  return [
    paint.bold(task.name),
    ...wrap(task.summary, columns - INDENT.length).map((line) => INDENT + line),
    ...body,
  ].join("\n");
}

/** Blanks inside a prompt matter: only a value that is too long for its line is wrapped. */
function wrapExact(value: string, width: number): string[] {
  return widthOf(value) <= width ? [value] : wrap(value, width);
}
