import { stripVTControlCharacters } from "node:util";

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: "grapheme" });
/** Characters that terminals show two columns wide. */
const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303F\uFF00-\uFF60]/u;

/** How many columns a text takes on a terminal; colour codes take none. */
export function widthOf(text: string): number {
  return graphemes(stripVTControlCharacters(text)).reduce((width, one) => width + (WIDE.test(one) ? 2 : 1), 0);
}

/** The text with blanks after it, up to a width. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - widthOf(text)));
}

/** The text with blanks before it, up to a width. */
export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - widthOf(text))) + text;
}

/** The beginning of a plain text that fits, with an ellipsis where something is left out. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = "";
  let used = 1;
  for (const one of graphemes(text)) {
    used += widthOf(one);
    if (used > width) break;
    kept += one;
  }
  return `${kept}…`;
}

/** A plain text on lines of at most `width`, broken between words; a word longer than a line is broken inside. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(1, width);
  const lines: string[] = [];
  let line = "";
  for (const word of text
    .split(/\s+/u)
    .filter((part) => part !== "")
    .flatMap((part) => pieces(part, room))) {
    if (line === "") line = word;
    else if (widthOf(line) + 1 + widthOf(word) <= room) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return line === "" && lines.length > 0 ? lines : [...lines, line];
}

function pieces(word: string, width: number): string[] {
  if (widthOf(word) <= width) return [word];
  const parts = [""];
  for (const one of graphemes(word)) {
    if (parts.at(-1) !== "" && widthOf(parts.at(-1)! + one) > width) parts.push("");
    parts[parts.length - 1] += one;
  }
  return parts;
}

function graphemes(text: string): string[] {
  return Array.from(GRAPHEMES.segment(text), ({ segment }) => segment);
}
