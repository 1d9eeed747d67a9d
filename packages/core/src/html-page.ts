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

/** Scripts, images, fonts and addresses are shut out, whatever stands in a page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** What a page is made of. */
export interface HtmlPage {
  /** Plain text; it is escaped here. */
  readonly title: string;
  /** CSS. */
  readonly style: string;
  /** Further lines of the head, as markup. */
  readonly head?: readonly string[];
  /** Lines of the body, as markup. */
  readonly body: readonly string[];
}

/** A self-contained HTML page without scripts that reads nothing from elsewhere, as every report of Filigree is. */
export function htmlPage({ title, style, head = [], body }: HtmlPage): string {
  return [
    "<!doctype html>",
    `<html lang="en">`,
    "<head>",
    `<meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    ...head,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    "</head>",
    "<body>",
    ...body,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}
