import { didYouMean } from "@filigree/sites";
import type { IToken, TokenType } from "chevrotain";
import type { Diagnostic } from "../diagnostic.ts";
import { isA, type SyntaxFault } from "./grammar.ts";
import { spanOf } from "./span.ts";
import * as t from "./tokens.ts";

/** Says what the parser stumbled over in words for the author. */
export function syntaxDiagnostic(fault: SyntaxFault, line: readonly IToken[], file: string): Diagnostic {
  const { expected, found } = fault;
  const end = spanOf(line.at(-1)!);
  const afterEnd = { ...end, start: end.end, end: end.end, column: end.column + end.end - end.start };
  const hint = hintFor(fault, line);
  return {
    code: "syntax",
    severity: "error",
    message: messageFor(expected, found),
    ...(hint !== undefined && { hint }),
    span: found === undefined ? afterEnd : spanOf(found),
    file,
  };
}

function messageFor(expected: string, found: IToken | undefined): string {
  if (found === undefined) return `the line ends where ${expected} is missing`;
  const image = found.image.length > 30 ? `${found.image.slice(0, 30)}…` : found.image;
  return `expected ${expected}, found ${isA(found, t.Text) ? image : `"${image}"`}`;
}

function hintFor({ expected, found, rule }: SyntaxFault, line: readonly IToken[]): string | undefined {
  if (found === undefined) return rule === "predicate" ? misspeltVerb(line) : undefined;
  const index = line.indexOf(found);
  const image = found.image;
  if (expected === t.Layer.LABEL) {
    const number = /^[lL]?(\d+)$/.exec(image)?.[1];
    return number === undefined ? undefined : `write L${number}`;
  }
  if (expected === t.Identifier.LABEL && /^\p{L}/u.test(image))
    return `"${image}" is a word of the language: take another name`;
  if (expected === t.Text.LABEL && isA(found, t.Word)) return "put it in quotes";
  if (found.tokenType === t.LeftParen) return FUNCTIONS;
  if (found.tokenType === t.Dot && line[index + 1]?.tokenType === t.Dot) return "ranges are written 3-7";
  if (rule === "predicate") return predicateHint(image, index, line);
  if (index === 0) return didYouMean(image, LINE_STARTS) ?? "a statement begins with its sites: attn L1 copies FEATURE";
  if (found.tokenType === t.NumberToken && line.some((token) => token.tokenType === t.Expect)) {
    return 'a figure is followed by ">=" or "<=" and its bound: transfer >= 40%';
  }
  if (NAME_ENDS.includes(found.tokenType)) return `a name that holds the word "${image}" is written in quotes`;
  return undefined;
}

/** The line's first word may be a misspelt declaration, or the word found a misspelt verb. */
function predicateHint(image: string, index: number, line: readonly IToken[]): string | undefined {
  const verb = image === "does" ? 'write "does not affect"' : didYouMean(image, wordsOf(t.VERB_KEYWORDS));
  if (verb !== undefined) return verb;
  return index === 1 ? didYouMean(line[0]!.image, LINE_STARTS) : undefined;
}

/** In `mover carrys quote type` the whole line reads as the name of a `let`. */
function misspeltVerb(line: readonly IToken[]): string | undefined {
  const words = line.filter((token) => token.tokenType === t.Identifier).slice(1);
  return words.map(({ image }) => didYouMean(image, wordsOf(t.VERB_KEYWORDS))).find((hint) => hint !== undefined);
}

const FUNCTIONS = "functions are count(…), token(…), index(…), length(), feature(…), min(…, …), max(…, …) and abs(…)";
/** As written, without the quotes of the label. */
const wordsOf = (tokens: readonly TokenType[]): string[] => tokens.map(({ LABEL }) => LABEL!.slice(1, -1));
const NAME_ENDS: TokenType[] = [...t.VERB_KEYWORDS, ...t.HARD_KEYWORDS];
const LINE_STARTS = wordsOf([...t.DECLARATION_KEYWORDS, t.Embed, t.Resid, t.Attn, t.Mlp]);
