/** What XML 1.0 does not allow or advises against: controls, halves of surrogate pairs, U+FFFE and U+FFFF. */
const NOT_ALLOWED = /[^\P{Cc}\t\n\r]|\p{Surrogate}|[\ufffe\uffff]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it stands in an element or an attribute of XML and HTML. It comes from strangers' files and models. */
export function escaped(text: string): string {
  return text.replace(NOT_ALLOWED, "\ufffd").replace(/[&<>"']/gu, (character) => ENTITIES[character]!);
}
