/** An element of an XML document. */
export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly (Element | string)[];
}

const NAME = /[A-Za-z_][\w.-]*/y;
const ATTRIBUTE = /\s+([A-Za-z_][\w.-]*)="([^<"]*)"/y;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
const NOT_ALLOWED = /[^\P{Cc}\t\n\r\u007f-\u009f]|\p{Surrogate}|[\ufffe\uffff]/u;

/**
 * Reads a document without prologue, comments or namespaces, as strictly as XML 1.0 asks: every element closed by its
 * own name, attributes quoted and said once, no bare `&` or `<`, no character that XML does not allow.
 */
export function readXml(text: string): Element {
  if (NOT_ALLOWED.test(text)) throw new Error("a character that XML does not allow");
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`${what}, at ${at}: ${text.slice(at, at + 60)}`);
  };
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const plain = (raw: string): string =>
    raw.replace(/&([^;]*);?/g, (whole, name: string) =>
      whole.endsWith(";") && name in ENTITIES ? ENTITIES[name]! : fail(`"${whole}" is no entity`),
    );
  const element = (): Element => {
    if (text[at++] !== "<") fail("an element is missing");
    const name = match(NAME)?.[0] ?? fail("a name is missing");
    const attributes = new Map<string, string>();
    for (let found = match(ATTRIBUTE); found; found = match(ATTRIBUTE)) {
      if (attributes.has(found[1]!)) fail(`"${found[1]}" is said twice`);
      attributes.set(found[1]!, plain(found[2]!));
    }
    if (match(/\s*\/>/y)) return { name, attributes, children: [] };
    if (!match(/\s*>/y)) fail("a tag does not end");
    const children: (Element | string)[] = [];
    for (;;) {
      const words = match(/[^<]+/y);
      if (words) children.push(plain(words[0]));
      if (text.startsWith("</", at)) {
        at += 2;
        if (match(NAME)?.[0] !== name || !match(/\s*>/y)) fail(`<${name}> is not closed`);
        return { name, attributes, children };
      }
      children.push(element());
    }
  };
  const root = element();
  if (text.slice(at).trim() !== "") fail("something follows the root");
  return root;
}

/** All elements below one, in the order of the document. */
export function elementsOf(root: Element): Element[] {
  return root.children.flatMap((child) => (typeof child === "string" ? [] : [child, ...elementsOf(child)]));
}

/** The elements with one of their classes. */
export function withClass(root: Element, name: string): Element[] {
  return elementsOf(root).filter(({ attributes }) => attributes.get("class")?.split(" ").includes(name));
}

export function textOf(root: Element): string {
  return root.children.map((child) => (typeof child === "string" ? child : textOf(child))).join("");
}
