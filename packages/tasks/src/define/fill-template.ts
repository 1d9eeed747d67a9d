import { InputError, type RandomStream } from "@filigree/core";
import { textOf, type Piece } from "./definition.ts";

/** Texts by slot. In a text, `$name` or `${name}` stands for another slot's text. */
export type Slots = Readonly<Record<string, string>>;

/** Words by slot. */
export type Words = Readonly<Record<string, readonly string[]>>;

/** Cuts a text at its slots: texts at even places, slots between them. */
function cutAtSlots(text: string): readonly string[] {
  if (!text.includes("$")) return [text];
  const known = CUT.get(text);
  if (known !== undefined) return known;
  const parts = text.split(/(\$\{[a-z_]+\}|\$[a-z_]+)/u);
  const cut = parts.map((part, i) => (i % 2 === 0 ? part : part.replace(/[${}]/gu, "")));
  CUT.set(text, cut);
  return cut;
}

/** Texts cut before: a task fills a few templates thousands of times. */
const CUT = new Map<string, readonly string[]>();

/** The slots that a text names. */
export function slotsIn(text: string): string[] {
  return cutAtSlots(text).filter((_, i) => i % 2 === 1);
}

/** A text with every slot called the same. */
export function withoutSlots(text: string): string {
  return cutAtSlots(text)
    .map((part, i) => (i % 2 === 0 ? part : "$"))
    .join("");
}

/**
 * Fills slots with words, the same in every text that is filled, so that two prompts of a pair differ in what is given
 * alone. No two slots get the same word.
 */
export class Filling {
  readonly #words: Words;
  readonly #random: RandomStream;
  readonly #chosen = new Map<string, string>();
  /** Slots that are being filled, the outermost first. */
  readonly #open: string[] = [];

  /** @param words of which one is drawn where a slot is first met */
  constructor(words: Words, random: RandomStream) {
    this.#words = words;
    this.#random = random;
  }

  /** A text with its slots filled: those of `given` by their texts, the others by words. */
  text(text: string, given: Slots): string {
    return textOf(this.pieces(text, given));
  }

  /** The same in pieces; where a slot of `positions` is first filled, that piece has the position. */
  pieces(text: string, given: Slots, positions: Slots = {}): (string | Piece)[] {
    const open = new Map(Object.entries(positions));
    return cutAtSlots(text).flatMap((part, i) => {
      if (i % 2 === 0) return part === "" ? [] : [part];
      const filled = this.#fill(part, given);
      const position = open.get(part);
      open.delete(part);
      return [position === undefined ? filled : { text: filled, position }];
    });
  }

  #fill(slot: string, given: Slots): string {
    if (this.#open.includes(slot)) {
      throw new InputError({
        what: `the slot "${slot}" holds itself`,
        where: this.#open.map((one) => `$${one}`).join(" → "),
      });
    }
    this.#open.push(slot);
    const filled = this.text(given[slot] ?? this.#wordFor(slot), given);
    this.#open.pop();
    return filled;
  }

  #wordFor(slot: string): string {
    const known = this.#chosen.get(slot);
    if (known !== undefined) return known;
    const taken = new Set(this.#chosen.values());
    const free = this.#words[slot]!.filter((word) => !taken.has(word));
    if (free.length === 0) {
      const expected = "more words: no two slots of a prompt get the same one";
      throw new InputError({ what: `no word is left for the slot "${slot}"`, where: [...taken].join(", "), expected });
    }
    const word = free[this.#random.integer(free.length)]!;
    this.#chosen.set(slot, word);
    return word;
  }
}
