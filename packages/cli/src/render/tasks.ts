import type { ShownPrompt } from "@filigree/tasks";
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
  const prompts = task.prompts?.flat() ?? [task.example];
  return [
    paint.bold(task.name),
    ...wrap(task.summary, columns - INDENT.length).map((line) => INDENT + line),
    ...renderFacts(factsOf(task), { paint, columns }),
    ...prompts.flatMap((shown) => renderPrompt(shown, paint)),
  ].join("\n");
}

/** Names, and what to say of each: parts that stay whole where a line must be broken. */
type Facts = (readonly [string, readonly string[]])[];

function factsOf({ features, positions, inVocabulary, notInVocabulary }: ListedTask): Facts {
  const facts: Facts = [
    ["features", list(features.map(({ name, nuisance }) => (nuisance ? `${name} (nuisance)` : name)))],
    ["positions", list(positions)],
  ];
  if (inVocabulary) {
    const { examples, tokens, answer, foil } = inVocabulary;
    facts.push(["examples", [`${count(examples.test)} test, ${count(examples.dev)} dev`]]);
    facts.push(["tokens", [...tokens.map(quoted), "→", quoted(answer), "not", quoted(foil)]]);
  }
  if (notInVocabulary !== undefined) facts.push(["this model", notInVocabulary.split(" ")]);
  return facts;
}

function renderFacts(facts: Facts, { paint, columns }: { paint: Paint; columns: number }): string[] {
  const width = Math.max(...facts.map(([name]) => widthOf(name)));
  return facts.flatMap(([name, parts]) =>
    fill(parts, columns - width - 2 * INDENT.length).map(
      (line, i) => `${INDENT}${paint.dim(padEnd(i === 0 ? name : "", width))}${INDENT}${line}`,
    ),
  );
}

/** The prompt as it stands in a file, with what follows its last line. The line break that it begins with is left out. */
function renderPrompt({ prompt, answer, foil }: ShownPrompt, paint: Paint): string[] {
  const lines = prompt.replace(/^\n+/u, "").split("\n");
  const bar = `${INDENT}${paint.dim("│")} `;
  const choice = `${paint.dim(" →")} ${quoted(answer)} ${paint.dim("not")} ${quoted(foil)}`;
  return [INDENT.trimEnd(), ...lines.map((line, i) => bar + line + (i === lines.length - 1 ? choice : ""))];
}

function list(names: readonly string[]): string[] {
  return names.map((name, i) => (i < names.length - 1 ? `${name},` : name));
}

function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Parts on as few lines as hold them, one blank apart. Blanks inside a part stay: they matter in a token. */
function fill(parts: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const line = lines.at(-1);
    if (line !== undefined && widthOf(line) + 1 + widthOf(part) <= width) lines[lines.length - 1] = `${line} ${part}`;
    else lines.push(part);
  }
  return lines;
}
