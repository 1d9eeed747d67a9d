import type { Tokenizer } from "@filigree/core";

/** A text in a vocabulary, and where its tokens end. */
export class CutText {
  readonly ids: readonly number[];
  readonly #text: string;
  /** `[tokens]`: how many characters of the text each token and those before it complete. */
  readonly #ends: readonly number[];

  constructor(text: string, tokenizer: Tokenizer) {
    this.#text = text;
    this.ids = tokenizer.encode(text);
    this.#ends = endsOf(text, this.ids, tokenizer);
  }

  /** How many tokens the first `characters` characters are, or undefined where that is inside a token. */
  tokensUpTo(characters: number): number | undefined {
    const index = this.#ends.lastIndexOf(characters);
    return index < 0 ? undefined : index + 1;
  }

  /** Index of the token that completes a character. */
  tokenAt(character: number): number {
    return this.#ends.findIndex((end) => end > character);
  }

  /** The text of the token that completes a character. */
  textAt(character: number): string {
    const token = this.tokenAt(character);
    return this.#text.slice(this.#ends[token - 1] ?? 0, this.#ends[token]);
  }

  /** Number of tokens that end inside or at the end of a stretch of characters. */
  tokensIn(start: number, end: number): number {
    return this.#ends.filter((own) => own > start && own <= end).length;
  }
}

function endsOf(text: string, ids: readonly number[], tokenizer: Tokenizer): number[] {
  const tokens = ids.map((id) => tokenizer.token(id));
  let end = 0;
  if (/^[\t\n\r -~]*$/u.test(text)) return tokens.map((token) => (end += token.length));
  const characters = charactersByByte(text);
  return tokens.map((token) => characters[(end += byteLength(token))]!);
}

/** `[bytes + 1]`: how many characters so many bytes of the text complete. */
function charactersByByte(text: string): number[] {
  const counts = [0];
  let characters = 0;
  for (const character of text) {
    for (let inside = 1; inside < utf8Length(character); inside++) counts.push(characters);
    characters += character.length;
    counts.push(characters);
  }
  return counts;
}

/** Bytes of a token. A token that is not whole UTF-8 is written `<0xE2>` a byte. */
function byteLength(token: string): number {
  return /^(?:<0x[0-9A-F]{2}>)+$/u.test(token) ? token.length / 6 : utf8Length(token);
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
