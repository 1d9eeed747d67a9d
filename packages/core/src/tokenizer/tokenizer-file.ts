import { InputError } from "@filigree/sites";
import { BYTE_CHARACTERS, bytesOfEntry } from "./byte-alphabet.ts";
import type { SplitStep } from "./pre-tokens.ts";

/** What a byte-level BPE `tokenizer.json` says, checked. */
export interface TokenizerFile {
  /** The file as parsed, for the library that does the merging. */
  readonly json: Readonly<Record<string, unknown>>;
  /** Entry of each id: byte characters, or the spelling of an added token. Dense. */
  readonly entries: readonly string[];
  /** Ids whose entry is an added token's spelling, not bytes. */
  readonly added: ReadonlySet<number>;
  /** Spellings of added tokens that are not special: they are read from text, before anything else. */
  readonly readFromText: readonly string[];
  /** How text is cut before merging. */
  readonly steps: readonly SplitStep[];
  /** Whether the pieces are cut once more by GPT-2's own pattern. */
  readonly gpt2Pattern: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const SUPPORTED =
  "a byte-level BPE tokenizer.json: model BPE, pre-tokenizer Split, Digits and ByteLevel, decoder ByteLevel";

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads the text of a Hugging Face `tokenizer.json`. Keys of theirs that do not bear on encoding are passed over.
 *
 * @param where the file's name, for errors.
 * @throws InputError where the text is not JSON, or not a byte-level BPE tokenizer that round-trips every text.
 */
export function parseTokenizerFile(text: string, where: string): TokenizerFile {
  const fail = (what: string, expected: string = SUPPORTED): InputError => new InputError({ what, where, expected });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InputError({ what: `not JSON: ${(cause as Error).message}`, where, expected: SUPPORTED, cause });
  }
  if (!isFields(json)) throw fail("not a JSON object");
  const model = json["model"];
  if (!isFields(model)) throw fail('no "model" object');
  if (model["type"] !== undefined && model["type"] !== "BPE") throw fail(`model type ${JSON.stringify(model["type"])}`);
  for (const key of ["continuing_subword_prefix", "end_of_word_suffix"]) {
    if (typeof model[key] === "string" && model[key] !== "") throw fail(`"model.${key}" is set`);
  }
  if (model["byte_fallback"] === true) throw fail('"model.byte_fallback" is set');
  if (changesText(json["normalizer"])) {
    throw fail(
      "a normalizer changes text before it is encoded",
      '"normalizer": null, so that decoding gives the text back',
    );
  }
  const decoder = json["decoder"];
  if (!isFields(decoder) || decoder["type"] !== "ByteLevel") throw fail('"decoder" is not ByteLevel');
  const { entries, added, readFromText } = readEntries(json, model, fail);
  checkMerges(model["merges"], new Set(entries), fail);
  const { steps, gpt2Pattern } = readPreTokenizer(json["pre_tokenizer"], fail);
  return { json, entries, added, readFromText, steps, gpt2Pattern };
}

/** A sequence of no normalizers changes nothing. */
function changesText(normalizer: unknown): boolean {
  if (normalizer === undefined || normalizer === null) return false;
  const parts = isFields(normalizer) && normalizer["type"] === "Sequence" ? normalizer["normalizers"] : undefined;
  return !Array.isArray(parts) || parts.some(changesText);
}

type Fail = (what: string, expected?: string) => InputError;

type Entries = Pick<TokenizerFile, "entries" | "added" | "readFromText">;

function readEntries(json: Fields, model: Fields, fail: Fail): Entries {
  const vocab = model["vocab"];
  if (!isFields(vocab)) throw fail('no "model.vocab" object');
  const addedTokens = json["added_tokens"] ?? [];
  if (!Array.isArray(addedTokens)) throw fail('"added_tokens" is not a list');
  const byId = new Map<number, string>();
  const place = (entry: string, id: unknown): number => {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0) {
      throw fail(`token ${JSON.stringify(entry)} has id ${JSON.stringify(id)}`, "whole numbers from 0 on");
    }
    const other = byId.get(id);
    if (other !== undefined && other !== entry) {
      throw fail(
        `tokens ${JSON.stringify(other)} and ${JSON.stringify(entry)} share id ${id}`,
        "one id for each token",
      );
    }
    byId.set(id, entry);
    return id;
  };
  for (const [entry, id] of Object.entries(vocab)) place(entry, id);
  const added = new Set<number>();
  const readFromText: string[] = [];
  for (const token of addedTokens as unknown[]) {
    if (!isFields(token) || typeof token["content"] !== "string" || token["content"] === "") {
      throw fail("an added token without content", '{"id": 0, "content": "<|endoftext|>", …}');
    }
    if (Object.hasOwn(vocab, token["content"]) && vocab[token["content"]] !== token["id"]) {
      throw fail(`added token ${JSON.stringify(token["content"])} has another id in the vocabulary`);
    }
    added.add(place(token["content"], token["id"]));
    if (token["special"] !== false) continue;
    const trimmed = ["single_word", "lstrip", "rstrip"].find((key) => token[key] === true);
    if (trimmed !== undefined) {
      throw fail(`added token ${JSON.stringify(token["content"])} has "${trimmed}": true`, `"${trimmed}": false`);
    }
    readFromText.push(token["content"]);
  }
  const entries: string[] = [];
  for (let id = 0; id < byId.size; id++) {
    const entry = byId.get(id);
    if (entry === undefined) throw fail(`no token has id ${id}`, `ids 0 to ${byId.size - 1}, each once`);
    if (!added.has(id) && bytesOfEntry(entry) === undefined) {
      throw fail(`token ${JSON.stringify(entry)} (id ${id}) holds characters outside the byte alphabet`);
    }
    entries.push(entry);
  }
  const missing = BYTE_CHARACTERS.findIndex((character) => !Object.hasOwn(vocab, character));
  if (missing !== -1) {
    throw fail(
      `no token for the byte 0x${missing.toString(16).toUpperCase().padStart(2, "0")}`,
      "a token for each of the 256 bytes, so that every text can be encoded",
    );
  }
  return { entries, added, readFromText };
}

function checkMerges(merges: unknown, entries: ReadonlySet<string>, fail: Fail): void {
  if (!Array.isArray(merges)) throw fail('no "model.merges" list');
  (merges as unknown[]).forEach((merge, index) => {
    const parts: unknown[] = typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : [];
    const [left, right] = parts;
    if (parts.length !== 2 || typeof left !== "string" || typeof right !== "string") {
      throw fail(`merge ${index} is ${JSON.stringify(merge)}`, 'pairs of tokens such as ["a", "b"] or "a b"');
    }
    const unknown = [left, right, left + right].find((entry) => !entries.has(entry));
    if (unknown !== undefined) {
      throw fail(`merge ${index} names ${JSON.stringify(unknown)}, which is not in the vocabulary`);
    }
  });
}

function readPreTokenizer(value: unknown, fail: Fail): { steps: SplitStep[]; gpt2Pattern: boolean } {
  if (!isFields(value)) throw fail('no "pre_tokenizer" object');
  const parts: unknown = value["type"] === "Sequence" ? value["pretokenizers"] : [value];
  const last: unknown = Array.isArray(parts) ? parts.at(-1) : undefined;
  if (!Array.isArray(parts) || !isFields(last) || last["type"] !== "ByteLevel") {
    throw fail("the pre-tokenizer does not end with ByteLevel");
  }
  if (last["add_prefix_space"] === true) {
    throw fail(
      "the pre-tokenizer puts a space before the text",
      '"add_prefix_space": false, so that decoding gives the text back',
    );
  }
  const steps = parts.slice(0, -1).map((part) => readStep(part, fail));
  return { steps, gpt2Pattern: last["use_regex"] !== false };
}

function readStep(part: unknown, fail: Fail): SplitStep {
  const type = isFields(part) ? part["type"] : undefined;
  if (!isFields(part) || (type !== "Split" && type !== "Digits")) {
    throw fail("a pre-tokenizer before ByteLevel is neither Split nor Digits");
  }
  const isolated = (pattern: SplitStep["pattern"]): SplitStep => {
    return { type: "Split", pattern, behavior: "Isolated", invert: false };
  };
  if (type === "Digits") return isolated({ Regex: part["individual_digits"] === true ? "\\p{N}" : "\\p{N}+" });
  const pattern = part["pattern"];
  const named = isFields(pattern) ? (pattern["Regex"] ?? pattern["String"]) : undefined;
  if (!isFields(pattern) || typeof named !== "string") {
    throw fail("a Split without a pattern", '"pattern": {"Regex": "…"} or {"String": "…"}');
  }
  const { behavior, invert } = part;
  // Removing all but the matches keeps every text whole only where the pattern matches all of it: then it isolates.
  if (behavior !== "Isolated" && !(behavior === "Removed" && invert === true)) {
    throw fail(
      `a Split with behavior ${JSON.stringify(behavior)}, invert ${JSON.stringify(invert)}`,
      '"behavior": "Isolated", or "Removed" with "invert": true',
    );
  }
  return isolated(typeof pattern["Regex"] === "string" ? { Regex: named } : { String: named });
}
