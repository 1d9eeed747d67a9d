import { didYouMean, InputError, pathFrom, readFileBytes, type Seed } from "@filigree/core";
import { BUILT_IN_TASKS } from "./built-in/tasks.ts";
import { buildTask } from "./define/build-task.ts";
import { parseTask } from "./jsonl/parse-task.ts";
import { normalName, type Task } from "./task.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** The model's vocabularies (its `config` and `tokenizer` hold them), and where and how to look. */
export interface LoadTaskOptions extends Vocabulary {
  /** Folder from which a path is resolved: that of the file that names the task. */
  readonly baseDirectory: string;
  /** Decides which prompts of a built-in task are drawn; a file is taken as it is. */
  readonly seed: Seed;
}

/**
 * The task that a reference names: a built-in task by name, or a file of JSON Lines by a path that begins with `./`,
 * `../` or `/`, or ends in `.jsonl`.
 *
 * @throws InputError where there is no such task or file, the file is malformed, or the vocabulary cannot express it.
 */
export function loadTask(reference: string, options: LoadTaskOptions): Task {
  if (/^\.{0,2}[/\\]|\.jsonl$/iu.test(reference)) return loadFile(reference, options);
  const name = normalName(reference);
  const definition = BUILT_IN_TASKS.find((candidate) => normalName(candidate.name) === name);
  if (definition !== undefined) return buildTask(definition, options, options.seed);
  const names = BUILT_IN_TASKS.map((candidate) => candidate.name);
  throw new InputError({
    what: `there is no task "${reference}"`,
    expected: `a built-in task (${names.join(", ")}) or a path such as ./data.jsonl`,
    hint: didYouMean(reference, names),
  });
}

function loadFile(reference: string, options: LoadTaskOptions): Task {
  let text: string;
  try {
    const bytes = readFileBytes(pathFrom(options.baseDirectory, reference));
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
    const what = missing ? "no such file" : `the file cannot be read: ${(cause as Error).message}`;
    throw new InputError({ what, where: reference, expected: "a task in JSON Lines", cause });
  }
  return parseTask(text, reference, nameOf(reference), options);
}

/** The last part of a path, without what follows its last dot. */
function nameOf(path: string): string {
  return path.replace(/^.*[/\\]/su, "").replace(/(?<=.)\.[^.]*$/su, "");
}

/** A built-in task, for showing. */
export interface TaskSummary {
  readonly name: string;
  readonly summary: string;
  /** Names of its features. */
  readonly features: readonly string[];
  /** Names of its positions, beside `first`, `all` and indices. */
  readonly positions: readonly string[];
  /** A prompt and the answer that should follow. */
  readonly example: { readonly prompt: string; readonly answer: string };
}

/** The built-in tasks, by name. */
export function listTasks(): TaskSummary[] {
  return BUILT_IN_TASKS.map(({ name, summary, features, positions, example }) => ({
    name,
    summary,
    features: features.map((feature) => feature.name),
    positions: [...positions, "last"],
    example,
  }));
}
