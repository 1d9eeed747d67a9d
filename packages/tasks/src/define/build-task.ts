import { InputError, randomStream, type RandomStream, type Seed, type Tokenizer } from "@filigree/core";
import { withHash } from "../task-hash.ts";
import type { Example, Split, Task } from "../task.ts";
import { tokenId, type Vocabulary } from "../vocabulary.ts";
import type { Source, TaskDefinition } from "./definition.ts";
import { encodeDraft } from "./encode-draft.ts";

type Pair = readonly [Example, Example];

/**
 * Makes a built-in task in a model's vocabulary: the prompts that the vocabulary can express, in an order that mixes
 * the sources, each beside its contrast partner. The same seed and vocabulary give the same task.
 *
 * @throws InputError where an answer or another needed token is not in the vocabulary, or too few prompts remain.
 */
export function buildTask(definition: TaskDefinition, vocabulary: Vocabulary, seed: Seed): Task {
  const where = `task ${definition.name}`;
  const answers = definition.answers.map((answer) => tokenId(answer, vocabulary, where));
  for (const token of definition.tokens) tokenId(token, vocabulary, where);
  const tokenizer = vocabulary.tokenizer!;
  const maxTokens = Math.min(definition.maxTokens, vocabulary.blockSize ?? Infinity);
  const fitted = { ...definition, maxTokens };
  const seen = new Set<string>();
  const pairs: Record<Split, Pair[]> = { dev: [], test: [] };
  for (const source of definition.sources) {
    const random = randomStream(seed, `tasks/${definition.name}/${source.name}`);
    pairs[source.split].push(...takePairs(source, fitted, tokenizer, random, seen));
  }
  const examples: Example[] = [];
  for (const split of ["test", "dev"] as const) {
    const random = randomStream(seed, `tasks/${definition.name}/${split}`);
    for (const [first, second] of random.shuffle(pairs[split])) {
      const index = examples.length;
      examples.push({ ...first, pair: index + 1 }, { ...second, pair: index });
    }
  }
  const positionNames = [...definition.positions, "last"];
  const { name, features } = definition;
  return withHash({ name, answers, numeric: false, features, positionNames, examples });
}

function takePairs(
  source: Source,
  definition: TaskDefinition,
  tokenizer: Tokenizer,
  random: RandomStream,
  seen: Set<string>,
): Pair[] {
  const pairs: Pair[] = [];
  for (const { template, drafts } of source.drafts(random)) {
    if (pairs.length === source.pairs) break;
    const origin = { template, split: source.split };
    const [first, second] = drafts.map((draft) => encodeDraft(draft, definition, tokenizer, origin));
    if (first === undefined || second === undefined) continue;
    const keys = [first, second].map((example) => example.ids.join(" "));
    if (keys.some((key) => seen.has(key))) continue;
    for (const key of keys) seen.add(key);
    pairs.push([first, second]);
  }
  if (pairs.length >= definition.minPairs) return pairs;
  throw new InputError({
    what: `the vocabulary expresses only ${pairs.length} pairs of ${source.name}`,
    where: `task ${definition.name}`,
    expected: `at least ${definition.minPairs} pairs of at most ${definition.maxTokens} tokens each`,
    hint: "use a model with a longer block, or a vocabulary trained on Python source",
  });
}
