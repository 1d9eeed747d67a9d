import type { JsonValue } from "@filigree/core";
import { normalName, type Example, type FeatureValue } from "../task.ts";
import { encodeText, inputId, outputId, tokenId, type Vocabulary } from "../vocabulary.ts";
import type { Header } from "./read-header.ts";

/** An example as its line gives it; what needs the other lines is filled in later. */
export interface LineExample extends Omit<Example, "template"> {
  readonly template?: string;
}

const KEYS = [
  "ids?",
  "tokens?",
  "text?",
  "answer",
  "answers?",
  "position?",
  "features?",
  "positions?",
  "pair?",
  "template?",
  "split?",
] as const;

/** Reads one example's line. `where` is its place, such as `data.jsonl:12`. */
export function readExample(line: JsonValue, where: string, header: Header, vocabulary: Vocabulary): LineExample {
  const fields = line.object(KEYS);
  const ids = readIds(line, fields, where, vocabulary);
  const position = fields.position === undefined ? ids.length - 1 : indexInto(ids, fields.position);
  const choice = header.numeric
    ? numericAnswer(fields.answer, fields.answers)
    : readChoice(fields, where, header, vocabulary);
  return {
    ids,
    ...choice,
    position,
    features: readFeatures(fields.features),
    positions: readPositions(fields.positions, ids),
    ...(fields.pair === undefined ? {} : { pair: fields.pair.index() }),
    ...(fields.template === undefined ? {} : { template: fields.template.text() }),
    split: fields.split?.oneOf("dev", "test") ?? "test",
  };
}

type Fields = ReturnType<typeof JsonValue.prototype.object<(typeof KEYS)[number]>>;

function readIds(line: JsonValue, fields: Fields, where: string, vocabulary: Vocabulary): number[] {
  const given = [fields.ids, fields.tokens, fields.text].filter((form) => form !== undefined);
  if (given.length !== 1) {
    return line.fail(
      given.length === 0 ? "no prompt" : "the prompt is given twice",
      'one of "ids", "tokens" and "text"',
    );
  }
  const ids =
    fields.ids?.array().map((id) => inputId(id.number(), vocabulary, where)) ??
    fields.tokens?.array().map((token) => tokenId(token.text(), vocabulary, where)) ??
    encodeText(fields.text!.text(), vocabulary, where);
  const { blockSize = Infinity } = vocabulary;
  if (ids.length >= 1 && ids.length <= blockSize) return ids;
  return given[0]!.fail(`a prompt of ${ids.length} tokens`, `1 to ${blockSize} tokens`);
}

/** The output id of an answer, given as a token or as an id. */
export function answerOf(value: JsonValue, where: string, vocabulary: Vocabulary): number {
  return typeof value.any() === "string"
    ? outputId(tokenId(value.text(), vocabulary, where), vocabulary, where)
    : outputId(value.number(), vocabulary, where);
}

function readChoice(
  fields: Fields,
  where: string,
  header: Header,
  vocabulary: Vocabulary,
): { answer: number; foil?: number } {
  const answer = answerOf(fields.answer, where, vocabulary);
  const own = fields.answers?.array().map((value) => answerOf(value, where, vocabulary));
  if (own !== undefined && new Set(own).size !== 2) {
    fields.answers!.fail(`${own.length} answers`, "two different answers, where an example has answers of its own");
  }
  const answers = own ?? header.answers;
  if (answers !== undefined && !answers.includes(answer)) {
    const expected = own === undefined ? "one of the task's answers" : "one of the example's answers";
    fields.answer.fail(`the answer ${JSON.stringify(fields.answer.any())} is not among the answers`, expected);
  }
  return answers?.length === 2 ? { answer, foil: answers.find((other) => other !== answer)! } : { answer };
}

function numericAnswer(answer: JsonValue, answers: JsonValue | undefined): { answer: number } {
  if (answers !== undefined) answers.fail("a numeric task has no list of answers");
  return { answer: answer.number() };
}

function readFeatures(value: JsonValue | undefined): Record<string, FeatureValue> {
  return byName(value, (member) => {
    const feature = member.any();
    if (typeof feature === "number") return member.number();
    if (typeof feature === "string" || typeof feature === "boolean") return feature;
    return member.fail("not a feature's value", "a text, a number, true or false");
  });
}

function readPositions(value: JsonValue | undefined, ids: readonly number[]): Record<string, number> {
  const positions = byName(value, (member) => indexInto(ids, member));
  const last = ids.length - 1;
  for (const [name, index] of Object.entries({ first: 0, last })) {
    if ((positions[name] ?? index) !== index) value!.fail(`the position "${name}" is always ${index} here`);
  }
  if (Object.hasOwn(positions, "all")) value!.fail('"all" always means every position', "another name");
  const numbered = Object.keys(positions).find((name) => /^\d+$/u.test(name));
  if (numbered !== undefined) value!.fail(`the position name "${numbered}" is an index`, "a word");
  return { ...positions, last };
}

function byName<Value>(value: JsonValue | undefined, read: (member: JsonValue) => Value): Record<string, Value> {
  const result = new Map<string, Value>();
  for (const [written, member] of value?.entries() ?? []) {
    const name = normalName(written);
    if (name === "") member.fail("an empty name");
    if (result.has(name)) member.fail(`"${name}" is given twice`, '"a b", "a_b" and "a-b" are one name');
    result.set(name, read(member));
  }
  return Object.fromEntries(result);
}

function indexInto(ids: readonly number[], value: JsonValue): number {
  const index = value.index();
  return index < ids.length
    ? index
    : value.fail(`index ${index} in a prompt of ${ids.length} tokens`, "0-based indices");
}
