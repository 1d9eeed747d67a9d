import { didYouMean, InputError, type Tokenizer } from "@filigree/core";

/** What a task's tokens and answers are expressed in: the model's vocabularies. */
export interface Vocabulary {
  /** Absent for a model without one: then tasks must give ids. */
  readonly tokenizer?: Tokenizer | undefined;
  /** Number of input ids. */
  readonly vocabSize: number;
  /** Number of output ids; equal to `vocabSize` in a language model. */
  readonly outSize: number;
  /** Most tokens of a prompt; any number, where left out. */
  readonly blockSize?: number | undefined;
}

const NO_TOKENIZER = "ids in the place of text, since the model has no tokenizer.json";

/** The ids of a text. */
export function encodeText(text: string, { tokenizer }: Vocabulary, where: string): number[] {
  if (tokenizer === undefined)
    throw new InputError({ what: "a text cannot be encoded", where, expected: NO_TOKENIZER });
  return tokenizer.encode(text);
}

/** The id of one token, which must be in the vocabulary as it stands. */
export function tokenId(token: string, { tokenizer }: Vocabulary, where: string): number {
  const what = `the token ${JSON.stringify(token)} is not in the model's vocabulary`;
  if (tokenizer === undefined) throw new InputError({ what, where, expected: NO_TOKENIZER });
  const id = tokenizer.id(token);
  if (id !== undefined) return id;
  const candidates = Array.from({ length: tokenizer.vocabSize }, (_, candidate) => tokenizer.token(candidate));
  throw new InputError({
    what,
    where,
    expected: `a single token; the vocabulary cuts it as ${tokenizer
      .encode(token)
      .map((part) => JSON.stringify(tokenizer.token(part)))
      .join(" ")}`,
    hint: didYouMean(token, candidates),
  });
}

/** An input id, checked against the size of the input vocabulary. */
export function inputId(id: number, { vocabSize }: Vocabulary, where: string): number {
  if (Number.isInteger(id) && id >= 0 && id < vocabSize) return id;
  throw new InputError({ what: `the model has no input id ${id}`, where, expected: `0 to ${vocabSize - 1}` });
}

/** An output id, checked against the size of the output vocabulary. */
export function outputId(id: number, { outSize }: Vocabulary, where: string): number {
  if (Number.isInteger(id) && id >= 0 && id < outSize) return id;
  throw new InputError({ what: `the model has no output id ${id}`, where, expected: `0 to ${outSize - 1}` });
}
