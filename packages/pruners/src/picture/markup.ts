/** What XML 1.0 does not allow or advises against: controls, halves of surrogate pairs, U+FFFE and U+FFFF. */
const NOT_ALLOWED = /[^\P{Cc}\t\n\r]|\p{Surrogate}|[\ufffe\uffff]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it stands in an element or an attribute of XML and HTML. It comes from strangers' files. */
export function escaped(text: string): string {
  return text.replace(NOT_ALLOWED, "\ufffd").replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** The first `most` characters; what is cut off shows as an ellipsis. */
export function shortened(text: string, most: number): string {
  const characters = Array.from(text);
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

/** A coordinate or a size, to a tenth. */
export function tenth(value: number): string {
  return String(Math.round(value * 10) / 10 + 0);
}

/** How wide a text is in a sans-serif font of `size` pixels, about. */
export function textWidth(text: string, size: number): number {
  let width = 0;
  for (const character of text) width += character.codePointAt(0)! >= 0x2e80 ? size : size * 0.59;
  return width;
}
