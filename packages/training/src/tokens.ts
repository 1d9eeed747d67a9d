import { END_OF_TEXT, InputError, randomStream, type Seed, type TokenBatch, type Tokenizer } from "@filigree/core";
import type { CorpusFile } from "@filigree/tasks";
import type { BigramConfig } from "./config.ts";

/** A corpus as token ids: files one after the other, each ended by the end-of-text token. */
export interface TokenCorpus {
  readonly train: Uint16Array;
  readonly heldOut: Uint16Array;
}

/** @throws InputError where either part is shorter than one sequence and its target. */
export function tokenizeCorpus(files: readonly CorpusFile[], tokenizer: Tokenizer, context: number): TokenCorpus {
  const end = tokenizer.id(END_OF_TEXT);
  const collect = (heldOut: boolean): Uint16Array => {
    const parts = files
      .filter((file) => file.heldOut === heldOut)
      .map((file) => {
        const ids = tokenizer.encode(file.text);
        if (end !== undefined) ids.push(end);
        return Uint16Array.from(ids);
      });
    const all = new Uint16Array(parts.reduce((n, part) => n + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    if (all.length <= context) {
      throw new InputError({
        what: `the corpus has ${all.length} tokens ${heldOut ? "kept out of training" : "to train on"}`,
        expected: `more than ${context}: one sequence and its last target`,
        hint: "give a folder with more source files (about one file in twenty is held out), or a shorter context",
      });
    }
    return all;
  };
  return { train: collect(false), heldOut: collect(true) };
}

/** Sequences and the token that follows each of their tokens. */
export interface TrainingBatch extends TokenBatch {
  readonly targets: Int32Array;
}

/** Sequences from random places. The choice depends on seed, name and index alone, so a resumed run sees the same. */
export function drawBatch(
  tokens: Uint16Array,
  size: { batch: number; context: number },
  at: { seed: Seed; name: string; index: number },
): TrainingBatch {
  const { batch, context } = size;
  const random = randomStream(at.seed, `${at.name}/${at.index}`);
  const ids = new Int32Array(batch * context);
  const targets = new Int32Array(batch * context);
  for (let b = 0; b < batch; b++) {
    const start = random.integer(tokens.length - context);
    ids.set(tokens.subarray(start, start + context), b * context);
    targets.set(tokens.subarray(start + 1, start + context + 1), b * context);
  }
  return { ids, targets, batch, seq: context };
}

/**
 * The bigram table [vocabulary, vocabulary], a table of zeros nearly everywhere. log(1 + count) as logits is the add-one
 * estimate of the next token; see {@link BigramConfig} for what is done with rare pairs.
 */
export function bigramTable(tokens: Uint16Array, vocabSize: number, { minCount, scale }: BigramConfig): Float32Array {
  const counts = new Float32Array(vocabSize * vocabSize);
  for (let i = 1; i < tokens.length; i++) counts[tokens[i - 1]! * vocabSize + tokens[i]!]!++;
  const floor = scale === "above-floor" ? Math.log(minCount) : 0;
  return counts.map((count) => (count < minCount ? 0 : Math.fround(Math.log1p(count) - floor)));
}
