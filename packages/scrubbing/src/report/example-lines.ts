import type { ShownPrompt } from "./details.ts";
import type { Reason } from "./reason.ts";
import { answerText, visible } from "./words.ts";

/** Around the tokens that are swapped. */
const MARKS = ["«", "»"] as const;
const ELLIPSIS = "…";

/**
 * The example of a reason in three lines of at most `width` characters: the prompt with what is swapped between « and »,
 * the donor, and the answer before and after. No lines where the reason has none.
 */
export function exampleLines({ example, extreme }: Reason, width: number): string[] {
  if (!example) return [];
  const { reference, donor, before, after } = example;
  const [first, second] = [extreme === "most" ? "worst on " : "least on ", "  donor  "];
  const room = width - first.length;
  return [
    first + excerpt(reference, room),
    second + excerpt(donor, room),
    `  answer ${answerText(before)} → ${answerText(after)}`,
  ];
}

/** A stretch of a prompt that holds its first swapped tokens, in one line. */
function excerpt({ tokens, swapped }: ShownPrompt, width: number): string {
  const every = swapped.length === tokens.length;
  const marks = new Set(every ? [] : swapped);
  const pieces = tokens.map((token, i) => (marks.has(i) ? MARKS.join(visible(token)) : visible(token)));
  // What is swapped is shown first; then the end, where the answer is read, before the beginning.
  let from = every ? tokens.length - 1 : (swapped[0] ?? tokens.length - 1);
  let to = from + 1;
  const length = (text: string) => Array.from(text).length;
  const ends = () => (from > 0 ? 1 : 0) + (to < pieces.length ? 1 : 0);
  let used = length(pieces[from] ?? "");
  for (;;) {
    if (to < pieces.length && used + length(pieces[to]!) + ends() <= width) used += length(pieces[to++]!);
    else if (from > 0 && used + length(pieces[from - 1]!) + ends() <= width) used += length(pieces[--from]!);
    else break;
  }
  const text = pieces.slice(from, to).join("");
  return (from > 0 ? ELLIPSIS : "") + cut(text, width - ends()) + (to < pieces.length ? ELLIPSIS : "");
}

function cut(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : characters.slice(0, Math.max(0, width)).join("");
}
