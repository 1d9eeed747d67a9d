import { InputError, randomStream, type Seed } from "@filigree/core";
import { withHash } from "../task-hash.ts";
import type { Example, Split, Task } from "../task.ts";
import type { Vocabulary } from "../vocabulary.ts";
import type { TaskDefinition } from "./definition.ts";
import { hasEqualLength, tryPairs, type Pair, type Tried } from "./try-pairs.ts";

/** Fewest pairs that each source must give for the task to be of use. */
const FEWEST_PAIRS = 16;

/**
 * Makes a task in a model's vocabulary: the prompts that the vocabulary can express, in an order that mixes the sources,
 * each beside its contrast partner. The same seed and vocabulary give the same task.
 *
 * @throws InputError where there is no vocabulary, or it expresses too few prompts: then it says what is cut how.
 */
export function buildTask(definition: TaskDefinition, vocabulary: Vocabulary, seed: Seed): Task {
  const { name, features, positions } = definition;
  const { tokenizer, outSize, blockSize = Infinity } = vocabulary;
  if (tokenizer === undefined) {
    throw new InputError({
      what: "the model has no vocabulary to express the task in",
      where: `task ${name}`,
      expected: "a tokenizer.json beside the model, or a task in a file that gives ids",
    });
  }
  const limits = { tokenizer, outSize, maxTokens: Math.min(definition.maxTokens, blockSize) };
  const seen = new Set<string>();
  const tried = definition.sources.map((source) =>
    tryPairs(source, limits, randomStream(seed, `tasks/${name}/${source.name}`), seen),
  );
  const common = commonTokens(tried.flatMap(({ pairs }) => pairs));
  const chosen: Record<Split, Pair[]> = { dev: [], test: [] };
  for (const found of tried) {
    const { source } = found;
    const fitting = found.pairs.filter(({ examples, answers }) =>
      answers.every((answer, i) => examples[i]!.answer === common.get(answer)),
    );
    if (fitting.length < FEWEST_PAIRS) throw tooFew(name, found, fitting.length);
    // Scrubbing swaps by position: pairs that are equally long come first.
    const preferred = [...fitting.filter(hasEqualLength), ...fitting.filter((pair) => !hasEqualLength(pair))];
    chosen[source.split].push(...preferred.slice(0, source.pairs));
  }
  const examples = (["test", "dev"] as const).flatMap((split) =>
    randomStream(seed, `tasks/${name}/${split}`)
      .shuffle(chosen[split])
      .flatMap((pair) => pair.examples),
  );
  return withHash({
    name,
    answers: answersOf(examples),
    numeric: false,
    features,
    positionNames: [...positions, "last"],
    examples: examples.map((example, index) => ({ ...example, pair: index % 2 === 0 ? index + 1 : index - 1 })),
  });
}

/**
 * The token of each answer. A vocabulary may cut one text in several ways, after other texts or beside another foil;
 * the most common way is taken, so that one answer is one token in all examples.
 */
function commonTokens(pairs: readonly Pair[]): ReadonlyMap<string, number> {
  const counts = new Map<string, Map<number, number>>();
  for (const { examples, answers } of pairs) {
    answers.forEach((text, i) => {
      const own = counts.get(text) ?? new Map<number, number>();
      counts.set(text, own.set(examples[i]!.answer, (own.get(examples[i]!.answer) ?? 0) + 1));
    });
  }
  return new Map([...counts].map(([text, own]) => [text, [...own].sort(([, a], [, b]) => b - a)[0]![0]]));
}

/** Two answers in the order of the definition; of more, each once, ascending. */
function answersOf(examples: readonly Example[]): number[] {
  const answers = [...new Set(examples.map(({ answer }) => answer))];
  return answers.length === 2 ? [examples[0]!.answer, examples[1]!.answer] : answers.sort((a, b) => a - b);
}

function tooFew(name: string, { source, pairs, refusals }: Tried, fitting: number): InputError {
  const reasons = [...refusals, ["it cuts one answer in many ways", pairs.length - fitting] as const];
  const [reason, count] = reasons.sort(([, a], [, b]) => b - a)[0]!;
  return new InputError({
    what: `the vocabulary cannot express it: ${count === 0 ? "the prompts repeat each other" : reason}`,
    where: `task ${name}`,
    expected: `at least ${FEWEST_PAIRS} pairs of ${source.name}; there are ${fitting}`,
    hint: "use a model with another vocabulary or a longer block",
  });
}
