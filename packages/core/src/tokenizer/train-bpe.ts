import { InputError } from "@filigree/sites";
import { BYTE_CHARACTERS } from "./byte-alphabet.ts";
import { byteLevelFile, END_OF_TEXT } from "./byte-level-file.ts";
import { CODE_SPLIT, splitter } from "./pre-tokens.ts";

const BYTE_TOKENS = 256;

/** The pre-tokens of the texts as symbol sequences, one entry for each distinct pre-token. */
interface Words {
  /** `[words][symbols]`: token ids, rewritten as merges are found. */
  readonly symbols: number[][];
  /** `[words]`: how often each occurs in the texts. */
  readonly counts: readonly number[];
}

/**
 * Trains a byte-level BPE vocabulary on source code and returns it as the text of a Hugging Face `tokenizer.json`.
 *
 * The same texts in the same order of first occurrence, or in any other, give the same bytes: of the pairs that occur
 * equally often the one with the smaller left id, then the smaller right id, is merged first.
 *
 * @param texts the documents; each should be well-formed Unicode.
 * @param options.vocabSize number of tokens: one `<|endoftext|>`, 256 bytes, the rest merges.
 * @throws InputError where vocabSize is below 257 or above what the texts can fill.
 *
 * Source: Sennrich et al. 2016 (arXiv 1508.07909), algorithm 1, with pair counts kept up to date between merges.
 */
export function trainBpe(texts: Iterable<string>, options: { vocabSize: number }): string {
  const { vocabSize } = options;
  if (!Number.isInteger(vocabSize) || vocabSize < BYTE_TOKENS + 1) {
    throw new InputError({
      what: `a vocabulary of ${vocabSize} tokens cannot be trained`,
      expected: `a whole number of at least ${BYTE_TOKENS + 1}: one for ${END_OF_TEXT} and one for each byte`,
    });
  }
  // Bytes are numbered in the order of the characters that stand for them, as other trainers do.
  const vocabulary = [END_OF_TEXT, ...[...BYTE_CHARACTERS].sort()];
  const words = collectWords(texts, vocabulary);
  const pairs = new PairCounts(words);
  const merges: [string, string][] = [];
  while (vocabulary.length < vocabSize) {
    const pair = pairs.mostFrequent();
    if (pair === undefined) {
      throw new InputError({
        what: `the texts are too small for a vocabulary of ${vocabSize} tokens`,
        expected: `at most ${vocabulary.length} tokens, after which nothing is left to merge`,
        hint: "ask for a smaller vocabulary, or give more text",
      });
    }
    const left = vocabulary[pair.left]!;
    const right = vocabulary[pair.right]!;
    merges.push([left, right]);
    pairs.merge(pair.left, pair.right, vocabulary.length);
    vocabulary.push(left + right);
  }
  return byteLevelFile({
    vocabulary: new Map(vocabulary.map((entry, id) => [entry, id])),
    merges,
    endOfText: 0,
    steps: [CODE_SPLIT],
    gpt2Pattern: false,
  });
}

function collectWords(texts: Iterable<string>, vocabulary: readonly string[]): Words {
  const split = splitter([CODE_SPLIT]);
  const occurrences = new Map<string, number>();
  for (const text of texts) {
    for (const piece of split(text)) occurrences.set(piece, (occurrences.get(piece) ?? 0) + 1);
  }
  const idOfCharacter = new Map(vocabulary.map((entry, id) => [entry, id]));
  const idOfByte = BYTE_CHARACTERS.map((character) => idOfCharacter.get(character)!);
  const encoder = new TextEncoder();
  return {
    symbols: [...occurrences.keys()].map((word) => Array.from(encoder.encode(word), (byte) => idOfByte[byte]!)),
    counts: [...occurrences.values()],
  };
}

/** Ids stay far below this, and (2^26)^2 is a whole number that a double holds exactly. */
const KEY_BASE = 2 ** 26;

/** How often each pair of neighbouring symbols occurs, and in which words: kept up to date as pairs are merged. */
class PairCounts {
  private readonly words: Words;
  private readonly counts = new Map<number, number>();
  /** Words in which a pair occurs or once occurred. */
  private readonly places = new Map<number, Set<number>>();

  constructor(words: Words) {
    this.words = words;
    words.symbols.forEach((symbols, word) => this.count(symbols, word, 1));
  }

  private count(symbols: readonly number[], word: number, sign: 1 | -1): void {
    const weight = sign * this.words.counts[word]!;
    for (let index = 0; index + 1 < symbols.length; index++) {
      const key = symbols[index]! * KEY_BASE + symbols[index + 1]!;
      const total = (this.counts.get(key) ?? 0) + weight;
      if (total === 0) this.counts.delete(key);
      else this.counts.set(key, total);
      if (sign === 1) {
        const places = this.places.get(key);
        if (places === undefined) this.places.set(key, new Set([word]));
        else places.add(word);
      }
    }
  }

  mostFrequent(): { left: number; right: number } | undefined {
    let best = -1;
    let bestCount = 0;
    // A smaller key is a smaller left id, then a smaller right id, so ties do not depend on the order of the Map.
    for (const [key, count] of this.counts) {
      if (count > bestCount || (count === bestCount && key < best)) {
        best = key;
        bestCount = count;
      }
    }
    return best === -1 ? undefined : { left: Math.floor(best / KEY_BASE), right: best % KEY_BASE };
  }

  merge(left: number, right: number, merged: number): void {
    const key = left * KEY_BASE + right;
    const places = this.places.get(key)!;
    this.places.delete(key);
    for (const word of places) {
      const before = this.words.symbols[word]!;
      const after = mergePair(before, left, right, merged);
      if (after.length === before.length) continue;
      this.count(before, word, -1);
      this.count(after, word, 1);
      this.words.symbols[word] = after;
    }
  }
}

/** Replaces each `left, right` by `merged`, from the left, without overlaps. */
function mergePair(symbols: readonly number[], left: number, right: number, merged: number): number[] {
  const result: number[] = [];
  for (let index = 0; index < symbols.length; index++) {
    if (symbols[index] === left && symbols[index + 1] === right) {
      result.push(merged);
      index++;
    } else {
      result.push(symbols[index]!);
    }
  }
  return result;
}
