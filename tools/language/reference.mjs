import { box, choice, empty, loop, optional, railroad, sequence } from "./railroad.mjs";
import { CHAPTERS, INTRODUCTION } from "./rule-texts.mjs";

/**
 * The reference of the language, from the rules of its grammar.
 *
 * @param rules what `grammarRules()` of the hypothesis package gives
 * @returns text by path under docs/language
 */
export function referenceFiles(rules) {
  const byName = new Map(rules.map((rule) => [rule.name, rule]));
  const told = CHAPTERS.flatMap(({ rules: names }) => Object.keys(names));
  const missing = [...byName.keys()].filter((name) => !told.includes(name));
  const extra = told.filter((name) => !byName.has(name));
  if (missing.length + extra.length > 0) {
    throw new Error(
      `rule-texts.mjs lacks the rules ${missing.join(", ")}; of ${extra.join(", ")} the grammar has none`,
    );
  }
  const files = new Map();
  const sections = CHAPTERS.map(({ title, text, rules: names }) => {
    const parts = Object.entries(names).map(([name, note]) => {
      const { definition } = byName.get(name);
      files.set(`railroad/${name}.svg`, railroad(sequence(definition.map(drawing)), name));
      const written = definition.map((part) => notation(part)).join(" ");
      return `### ${name}\n\n${note}\n\n![${name}](railroad/${name}.svg)\n\n\`\`\`\n${name} = ${written}\n\`\`\`\n`;
    });
    return `## ${title}\n\n${text}\n\n${parts.join("\n")}`;
  });
  files.set("reference.md", `${INTRODUCTION}\n${sections.join("\n")}`);
  return files;
}

function drawing(part) {
  const inner = () => sequence(part.definition.map(drawing));
  switch (part.type) {
    case "Terminal":
      return box(wordOf(part));
    case "NonTerminal":
      return box(part.name, { rule: true });
    case "Alternation":
      return choice(part.definition.map((option) => sequence(option.definition.map(drawing))));
    case "Option":
      return optional(inner());
    case "Repetition":
      return optional(loop(inner()));
    case "RepetitionMandatory":
      return loop(inner(), empty());
    default:
      throw new Error(`a part of the grammar that is not drawn yet: ${part.type}`);
  }
}

/** In the notation of the reference: `[ ]` once or not, `{ }` any number of times, `|` one of several. */
function notation(part, isInside = false) {
  const inner = () => part.definition.map((one) => notation(one, true)).join(" ");
  switch (part.type) {
    case "Terminal": {
      const word = wordOf(part);
      // What stands as it is written, as opposed to a kind of word.
      return part.label.startsWith('"') && word !== "COMPARISON" ? `"${word}"` : word;
    }
    case "NonTerminal":
      return part.name;
    case "Alternation": {
      const options = part.definition.map((option) => option.definition.map((one) => notation(one, true)).join(" "));
      const separator = isInside ? " | " : "\n  | ";
      return isInside ? `( ${options.join(separator)} )` : options.join(separator);
    }
    case "Option":
      return `[ ${inner()} ]`;
    case "Repetition":
      return `{ ${inner()} }`;
    case "RepetitionMandatory":
      return `${inner()} { ${inner()} }`;
    default:
      throw new Error(`a part of the grammar that is not written yet: ${part.type}`);
  }
}

/** As the author writes it, or in capitals what kind of word it is. */
function wordOf({ name, label }) {
  const word = /^"(.*)"$/u.exec(label)?.[1];
  if (name === "Comparison") return "COMPARISON";
  return word ?? KINDS[name] ?? name.toUpperCase();
}

const KINDS = { NameWord: "WORD", PlainWord: "WORD", Identifier: "WORD" };
