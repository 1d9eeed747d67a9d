import { InputError } from "@filigree/sites";
import { bytesOfEntry } from "./byte-alphabet.ts";
import { ByteLevelPreTokenizer, HuggingFaceTokenizer } from "./hugging-face.ts";
import { splitter } from "./pre-tokens.ts";
import { parseTokenizerFile } from "./tokenizer-file.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** How many pre-tokens' ids are kept before starting afresh: some tens of megabytes. */
const CACHED_PIECES = 1 << 18;

/**
 * Reads the text of a Hugging Face `tokenizer.json` that holds a byte-level BPE vocabulary, such as
 * {@link trainBpe} writes.
 *
 * @param json the file's text.
 * @param where the file's name, for errors.
 * @throws InputError where the file is malformed or of another kind.
 */
export function parseTokenizer(json: string, where: string): Tokenizer {
  const file = parseTokenizerFile(json, where);
  let library: InstanceType<typeof HuggingFaceTokenizer>;
  let split: (text: string) => readonly string[];
  try {
    library = new HuggingFaceTokenizer({ post_processor: null, ...file.json }, { clean_up_tokenization_spaces: false });
    split = splitter(file.steps);
  } catch (cause) {
    const what = `the tokenizer cannot be set up: ${(cause as Error).message}`;
    throw new InputError({ what, where, expected: "a byte-level BPE tokenizer.json", cause });
  }
  const byteLevel = new ByteLevelPreTokenizer({ use_regex: file.gpt2Pattern });
  const { entries } = file;
  const names = tokenNames(entries, file.added);
  const idOfName = new Map(names.map((name, id) => [name, id]));
  const idOfEntry = new Map(entries.map((entry, id) => [entry, id]));
  const cutAdded = cutterOf(file.readFromText);
  const cache = new Map<string, readonly number[]>();

  const encodePiece = (piece: string): readonly number[] => {
    const known = cache.get(piece);
    if (known !== undefined) return known;
    const tokens = library.model.encode(byteLevel.pre_tokenize_text(piece));
    const ids = tokens.map((token) => library.token_to_id(token)!);
    if (cache.size >= CACHED_PIECES) cache.clear();
    cache.set(piece, ids);
    return ids;
  };
  const checked = (id: number): number => {
    if (id in entries) return id;
    throw new InputError({
      what: `no token has id ${id}`,
      where,
      expected: `a whole number from 0 to ${entries.length - 1}`,
    });
  };

  return {
    vocabSize: entries.length,
    encode(text) {
      if (/\p{Surrogate}/u.test(text)) {
        throw new InputError({ what: "the text holds half of a surrogate pair", expected: "well-formed Unicode" });
      }
      const ids: number[] = [];
      for (const [part, added] of cutAdded(text)) {
        if (added) ids.push(idOfEntry.get(part)!);
        else for (const piece of split(part)) for (const id of encodePiece(piece)) ids.push(id);
      }
      return ids;
    },
    decode(ids) {
      return ids.length === 0 ? "" : library.decode(ids.map(checked));
    },
    id: (token) => idOfName.get(token),
    token: (id) => names[checked(id)]!,
  };
}

/** Cuts out the given spellings, the longest where several begin at one place; `true` marks them. */
function cutterOf(spellings: readonly string[]): (text: string) => (readonly [string, boolean])[] {
  if (spellings.length === 0) return (text) => [[text, false]];
  const longestFirst = spellings.toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(
    `(${longestFirst.map((one) => one.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&")).join("|")})`,
    "u",
  );
  return (text) => text.split(pattern).map((part, index) => [part, index % 2 === 1] as const);
}

/** The readable and distinct text of each id. */
function tokenNames(entries: readonly string[], added: ReadonlySet<number>): string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  return entries.map((entry, id) => {
    const bytes = added.has(id) ? undefined : bytesOfEntry(entry);
    if (bytes === undefined) return entry;
    try {
      return decoder.decode(bytes);
    } catch {
      return Array.from(bytes, (byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`).join("");
    }
  });
}
