import type { JsonValue } from "@filigree/core";
import { normalName } from "../task.ts";
import { answerOf } from "./read-example.ts";
import type { Vocabulary } from "../vocabulary.ts";

export const TASK_FORMAT = "filigree.task/1";

/** What the optional first line of a task file says. */
export interface Header {
  readonly name?: string;
  /** Features that should not matter, in normal form. */
  readonly nuisance: readonly string[];
  /** Output ids. */
  readonly answers?: readonly number[];
  readonly numeric: boolean;
}

/** Whether the first line describes the task: it names a format. */
export function isHeader(line: JsonValue): boolean {
  return line.entries().some(([key]) => key === "format");
}

export function readHeader(line: JsonValue, where: string, vocabulary: Vocabulary): Header {
  const fields = line.object(["format", "name?", "nuisance?", "answers?", "numeric?"]);
  const format = fields.format.text();
  if (format !== TASK_FORMAT) {
    const hint = format.startsWith("filigree.task/") ? "the file may need a newer version of this program" : undefined;
    fields.format.fail(`format ${JSON.stringify(format)}`, JSON.stringify(TASK_FORMAT), hint);
  }
  const numeric = fields.numeric?.any() ?? false;
  if (typeof numeric !== "boolean") return fields.numeric!.fail("not true or false", "true or false");
  const answers = fields.answers?.array().map((answer) => answerOf(answer, where, vocabulary));
  if (answers !== undefined && numeric) fields.answers!.fail("a numeric task has no list of answers");
  if (answers !== undefined && (answers.length < 2 || new Set(answers).size < answers.length)) {
    fields.answers!.fail("not a choice", "two answers or more, each once");
  }
  return {
    ...(fields.name === undefined ? {} : { name: fields.name.text() }),
    nuisance: fields.nuisance?.array().map((name) => normalName(name.text())) ?? [],
    ...(answers === undefined ? {} : { answers }),
    numeric,
  };
}
