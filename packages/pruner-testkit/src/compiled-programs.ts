import { fileURLToPath } from "node:url";
import { loadModel, randomStream, seed, sha256, useBackend, type Model, type RandomStream } from "@filigree/core";
import type { Example, Task } from "@filigree/tasks";
import { withMeans } from "./corpus-means.ts";

// Programs compiled to transformers by Tracr (Lindner et al. 2023): one head a layer, no norm, no AbsTopK.

/** A program as a model, with a task that it solves. */
export interface CompiledProgram {
  /** With the means of its own prompts. Its parameters are tensors: dispose it. */
  readonly model: Model;
  readonly task: Task;
}

/** What the prompts of a contrast pair are, and the answer to each. */
type DrawPair = (random: RandomStream) => readonly [Prompt, Prompt];

interface Prompt {
  readonly ids: readonly number[];
  readonly answer: number;
}

/** Tokens " ' ( a b c, then the one that begins each prompt. Answers have the same numbers. */
const [DOUBLE, SINGLE, PAREN, LETTER, QUOTES_BEGIN] = [0, 1, 2, 3, 6];

/** Which quote was opened last: one quote among letters and parentheses. */
const closeQuote: DrawPair = (random) => {
  const filler = (count: number) =>
    Array.from({ length: count }, () => (random.uniform() < 0.3 ? PAREN : LETTER + random.integer(3)));
  const [before, after] = [filler(random.integer(4)), filler(1 + random.integer(4))];
  const prompt = (quote: number) => ({ ids: [QUOTES_BEGIN, ...before, quote, ...after], answer: quote });
  return [prompt(DOUBLE), prompt(SINGLE)];
};

/** Tokens a b c, the one that begins each prompt, one that is not used, d; answers a b c d. */
const [LETTERS, LETTERS_BEGIN] = [[0, 1, 2, 5], 3] as const;

/** Which letter came just before the last one. */
const previousToken: DrawPair = (random) => {
  const letter = () => LETTERS[random.integer(LETTERS.length)]!;
  const before = Array.from({ length: random.integer(5) }, letter);
  const last = letter();
  const [one, other] = random.sample([0, 1, 2, 3], 2);
  const prompt = (answer: number) => ({ ids: [LETTERS_BEGIN, ...before, LETTERS[answer]!, last], answer });
  return [prompt(one!), prompt(other!)];
};

const PROGRAMS = { close_quote: closeQuote, prev_token: previousToken };

/** The name of a compiled program. */
export type CompiledProgramName = keyof typeof PROGRAMS;

export const COMPILED_PROGRAMS = Object.keys(PROGRAMS) as CompiledProgramName[];

/** Contrast pairs of the task. */
const PAIRS = { dev: 16, test: 12 };

/** Loads a compiled program with a task for it. */
export async function compiledProgram(name: CompiledProgramName): Promise<CompiledProgram> {
  await useBackend("wasm");
  const random = randomStream(seed(3), `pruner-testkit/${name}`);
  const examples = Array.from({ length: PAIRS.dev + PAIRS.test }, (_, pair) => {
    const prompts = PROGRAMS[name](random);
    return prompts.map(({ ids, answer }, side): Example => {
      return {
        ids,
        answer,
        position: ids.length - 1,
        foil: prompts[1 - side]!.answer,
        features: { answer },
        positions: { last: ids.length - 1 },
        pair: 2 * pair + 1 - side,
        template: `t${pair}`,
        split: pair < PAIRS.dev ? "dev" : "test",
      };
    });
  }).flat();
  const model = await loadModel(fileURLToPath(new URL(`../programs/${name}`, import.meta.url)));
  return {
    model: withMeans(model, examples),
    task: {
      name: name.replaceAll("_", " "),
      answers: [...new Set(examples.map(({ answer }) => answer))].sort((a, b) => a - b),
      numeric: false,
      features: [{ name: "answer", nuisance: false }],
      positionNames: ["last"],
      examples,
      hash: sha256().update(JSON.stringify(examples)).hex(),
    },
  };
}
