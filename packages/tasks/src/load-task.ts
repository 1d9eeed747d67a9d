import { InputError, pathFrom, readFileBytes, type Seed } from "@filigree/core";
import { buildTask } from "./define/build-task.ts";
import type { TaskDefinition } from "./define/definition.ts";
import { findTask } from "./find-task.ts";
import { parseTask } from "./jsonl/parse-task.ts";
import { NONSENSE, nonsenseTask } from "./nonsense.ts";
import type { Task } from "./task.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** The model's vocabularies (its `config` and `tokenizer` hold them), and where and how to look. */
export interface LoadTaskOptions extends Vocabulary {
  /** Folder from which a path is resolved: that of the file that names the task. */
  readonly baseDirectory: string;
  /** Decides which prompts of a built-in task are drawn; a file is taken as it is. */
  readonly seed: Seed;
}

/**
 * The task that a reference names: a built-in task by name, a file of JSON Lines by a path that begins with `./`,
 * `../` or `/`, or ends in `.jsonl`, or a task of your own as `defineTask` makes it. A name or path that ends in
 * `:nonsense` gives the task with answers that mean nothing, as a control.
 *
 * @throws InputError where there is no such task or file, the file is malformed, or the vocabulary cannot express it.
 */
export function loadTask(reference: string | TaskDefinition, options: LoadTaskOptions): Task {
  if (typeof reference !== "string") return buildTask(reference, options, options.seed);
  if (reference.endsWith(NONSENSE)) {
    return nonsenseTask(loadTask(reference.slice(0, -NONSENSE.length), options), options, options.seed);
  }
  if (/^\.{0,2}[/\\]|\.jsonl$/iu.test(reference)) return loadFile(reference, options);
  return buildTask(findTask(reference), options, options.seed);
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
