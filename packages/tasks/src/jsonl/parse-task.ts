import { didYouMean, InputError, JsonValue } from "@filigree/core";
import { withHash } from "../task-hash.ts";
import type { Example, Feature, Task } from "../task.ts";
import type { Vocabulary } from "../vocabulary.ts";
import { readExample, type LineExample } from "./read-example.ts";
import { isHeader, readHeader, type Header } from "./read-header.ts";

/**
 * Reads a task from JSON Lines: an optional first line that describes it (`"format": "filigree.task/1"`), then one
 * example a line.
 *
 * @param text the file's text.
 * @param where the file's name, for errors; each error adds the line.
 * @param name the task's name where the first line gives none.
 * @throws InputError for malformed lines, unknown keys, tokens and ids that the model does not have, and examples that
 * do not fit together.
 */
export function parseTask(text: string, where: string, name: string, vocabulary: Vocabulary): Task {
  const lines = text.replace(/\r?\n$/u, "").split(/\r?\n/u);
  const values = lines.map((line, index) => {
    const at = `${where}:${index + 1}`;
    if (line.trim() === "") {
      throw new InputError({ what: "an empty line", where: at, expected: "one JSON object on each line" });
    }
    return { at, value: JsonValue.parse(line, at) };
  });
  const first = values[0]!;
  const described = isHeader(first.value);
  const header: Header = described ? readHeader(first.value, first.at, vocabulary) : { nuisance: [], numeric: false };
  const rest = described ? values.slice(1) : values;
  if (rest.length === 0) throw new InputError({ what: "no examples", where, expected: "one example on each line" });
  const examples = rest.map(({ at, value }) => readExample(value, at, header, vocabulary));
  const places = rest.map(({ at }) => at);
  checkPairs(examples, places);
  return withHash({
    name: header.name ?? name,
    answers: collectAnswers(header, examples, where),
    numeric: header.numeric,
    features: collectFeatures(header, examples, places),
    positionNames: [...new Set(examples.flatMap((example) => Object.keys(example.positions)))],
    examples: withTemplates(examples),
  });
}

function checkPairs(examples: readonly LineExample[], places: readonly string[]): void {
  examples.forEach(({ pair, split }, index) => {
    if (pair === undefined) return;
    const where = `${places[index]!}: pair`;
    const partner = examples[pair];
    if (partner === undefined) {
      const expected = `the 0-based index of an example, 0 to ${examples.length - 1}`;
      throw new InputError({ what: `there is no example ${pair}`, where, expected });
    }
    if (pair === index) throw new InputError({ what: "an example cannot be its own contrast partner", where });
    if (partner.split !== split) {
      throw new InputError({ what: `the contrast partner, example ${pair}, is in the other split`, where });
    }
  });
}

function collectAnswers(header: Header, examples: readonly LineExample[], where: string): readonly number[] {
  if (header.numeric) return [];
  const used = examples.flatMap(({ answer, foil }) => (foil === undefined ? [answer] : [answer, foil]));
  const answers = header.answers ?? [...new Set(used)].sort((a, b) => a - b);
  if (answers.length >= 2) return answers;
  throw new InputError({
    what: "every example has the same answer, so there is nothing to choose",
    where,
    expected: 'a first line with "answers", or examples with different answers',
  });
}

function collectFeatures(header: Header, examples: readonly LineExample[], places: readonly string[]): Feature[] {
  const names = Object.keys(examples[0]!.features);
  examples.forEach(({ features }, index) => {
    const missing = names.find((name) => !Object.hasOwn(features, name));
    const extra = Object.keys(features).find((name) => !names.includes(name));
    if (missing === undefined && extra === undefined) return;
    throw new InputError({
      what: missing === undefined ? `a feature "${extra!}"` : `no feature "${missing}"`,
      where: places[index]!,
      expected: `the features of the first example: ${names.join(", ") || "none"}`,
      hint: extra === undefined ? undefined : didYouMean(extra, names),
    });
  });
  const unknown = header.nuisance.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const hint = didYouMean(unknown, names);
    throw new InputError({ what: `"nuisance" names "${unknown}", which no example has`, where: places[0]!, hint });
  }
  return names.map((name) => ({ name, nuisance: header.nuisance.includes(name) }));
}

/** Where the file names no template, an example belongs with its contrast partner. */
function withTemplates(examples: readonly LineExample[]): Example[] {
  return examples.map((example, index) => {
    const first = Math.min(index, example.pair ?? index);
    return { ...example, template: example.template ?? `example ${first}` };
  });
}
