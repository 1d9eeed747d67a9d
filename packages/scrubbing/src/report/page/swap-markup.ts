import { escaped } from "@filigree/core";
import type { ShownPrompt, ShownSwap } from "../details.ts";
import { answerText, visible } from "../words.ts";

/** A reference and its donor, with the tokens between which values went, and what came of it. */
export function swapMarkup({ reference, donor, rows, before, after, divergence }: ShownSwap): string {
  const answers = `${escaped(answerText(before))} → ${escaped(answerText(after))}`;
  return [
    `<div class="swap">`,
    prompt("reference", reference, rows),
    prompt("donor", donor, []),
    `<p>answer ${answers} <span class="muted">(divergence ${nats(divergence)})</span></p>`,
    "</div>",
  ].join("\n");
}

/** Four digits, so that small ones are not all 0. */
function nats(divergence: number): string {
  return divergence === 0 ? "0" : String(Number(divergence.toPrecision(4)));
}

function prompt(role: string, { example, tokens, swapped, answerAt }: ShownPrompt, rows: readonly number[]): string {
  const every = tokens.length > 0 && swapped.length === tokens.length;
  const [marked, seen] = [new Set(every ? [] : swapped), new Set(rows)];
  const pieces = tokens.map((token, i) => {
    const text = escaped(shownToken(token));
    const read = i === answerAt ? `<u title="the answer is read here">${text}</u>` : text;
    if (marked.has(i)) return `<mark title="token ${i}: swapped">${read}</mark>`;
    return seen.has(i) && i !== answerAt ? `<u title="token ${i}: this row sees the values">${read}</u>` : read;
  });
  const where = every ? ", all tokens swapped" : "";
  return `<span class="muted">${role}, example ${example}${where}</span><pre class="prompt">${pieces.join("")}</pre>`;
}

/** Line breaks are shown and kept. */
function shownToken(token: string): string {
  return token.split("\n").map(visible).join("↵\n");
}
