import { createToken, Lexer, type TokenType } from "chevrotain";
import { matchRegex, matchUnclosedRegex } from "./regex-literal.ts";

/*
 * The words of the language. Most are soft: inside a name of several words (`quote type`) they are
 * plain words. Only the verbs and the words of HARD_KEYWORDS end a name; a name that holds one of
 * these is written in quotes. In expressions, the words that join (`and or not mod matches if then
 * else after before true false`) end names too.
 */

/** Every word that a name of several words may hold. */
export const NameWord = createToken({ name: "NameWord", pattern: Lexer.NA, label: "a word" });
/** The same without `and`, which joins things outside names. */
export const Word = createToken({ name: "Word", pattern: Lexer.NA, categories: [NameWord], label: "a word" });
/** The words that a name may hold inside an expression. */
export const PlainWord = createToken({ name: "PlainWord", pattern: Lexer.NA, categories: [Word], label: "a word" });

const letter = "A-Za-z_\\u00c0-\\u1fff\\u2c00-\\u2fef\\u3001-\\ufdff";

export const Identifier = createToken({
  name: "Identifier",
  pattern: new RegExp(`[${letter}][${letter}0-9]*(?:-[${letter}0-9]+)*`),
  categories: [PlainWord],
  label: "a name",
});

function keyword(word: string, categories: TokenType[] = [PlainWord]): TokenType {
  const name = `${word[0]!.toUpperCase()}${word.slice(1)}`;
  return createToken({ name, pattern: new RegExp(word), longer_alt: Identifier, categories, label: `"${word}"` });
}

/** Several words that mean something only together, so that each of them may stand in names. */
function phrase(name: string, words: string): TokenType {
  const pattern = new RegExp(`${words.replaceAll(" ", "[ \\t]+")}(?![\\w-])`);
  return createToken({ name, pattern, label: `"${words}"`, line_breaks: false });
}

function symbol(name: string, pattern: RegExp, label: string): TokenType {
  return createToken({ name, pattern, label });
}

export const Circuit = keyword("circuit");
export const Model = keyword("model");
export const Task = keyword("task");
export const Import = keyword("import");
export const Let = keyword("let");
export const Feature = keyword("feature");
export const PositionWord = keyword("position");
export const Nuisance = keyword("nuisance");
export const Claim = keyword("claim");
export const Seed = keyword("seed");
export const Examples = keyword("examples");
export const Donors = keyword("donors");
export const Alpha = keyword("alpha");
export const Split = keyword("split");
export const Rival = keyword("rival");

export const Embed = keyword("embed");
export const Resid = keyword("resid");
export const Attn = keyword("attn");
export const Mlp = keyword("mlp");
export const Logits = keyword("logits");
export const Nodes = keyword("nodes");
export const Heads = keyword("heads");
export const Head = keyword("head");
export const Channels = keyword("channels");
export const Channel = keyword("channel");
export const Neurons = keyword("neurons");
export const Neuron = keyword("neuron");
export const Jointly = keyword("jointly");
export const Most = keyword("most");

export const First = keyword("first");
export const Last = keyword("last");
export const TokenWord = keyword("token");
export const Matching = keyword("matching");
export const Count = keyword("count");
export const IndexWord = keyword("index");
export const Length = keyword("length");
export const Min = keyword("min");
export const Max = keyword("max");
export const Abs = keyword("abs");

export const And = keyword("and", [NameWord]);
export const Or = keyword("or", [Word]);
export const Not = keyword("not", [Word]);
export const Mod = keyword("mod", [Word]);
export const Matches = keyword("matches", [Word]);
export const If = keyword("if", [Word]);
export const Then = keyword("then", [Word]);
export const Else = keyword("else", [Word]);
export const After = keyword("after", [Word]);
export const Before = keyword("before", [Word]);
export const True = keyword("true", [Word]);
export const False = keyword("false", [Word]);

export const Carries = keyword("carries", []);
export const Contains = keyword("contains", []);
export const Ignores = keyword("ignores", []);
export const Computes = keyword("computes", []);
export const EqualsVerb = keyword("equals", []);
export const Copies = keyword("copies", []);
export const Attends = keyword("attends", []);
export const Affects = keyword("affects", []);
export const DoesNotAffect = phrase("DoesNotAffect", "does not affect");
export const Is = keyword("is", []);

export const From = keyword("from", []);
export const To = keyword("to", []);
export const Via = keyword("via", []);
export const At = keyword("at", []);
export const By = keyword("by", []);
export const Alone = keyword("alone", []);
export const When = keyword("when", []);
export const Expect = keyword("expect", []);
export const ExceptThrough = phrase("ExceptThrough", "except through");
export const AnyIndex = phrase("AnyIndex", "any index");
export const WithNormsHeld = phrase("WithNormsHeld", "with norms held");

/** `L3` */
export const Layer = createToken({
  name: "Layer",
  pattern: /L\d+/,
  longer_alt: Identifier,
  categories: [PlainWord],
  label: "a layer such as L0",
});

/** `"…"`, in which `\"` is a quote and `\\` a backslash. */
export const Text = symbol("Text", /"(?:\\["\\]|[^"\\\r\n]|\\(?!["\\]))*"/, "a text in quotes");
/** A text, node or regular expression that its line does not close. The parser takes it for a closed one. */
export const UnclosedText = createToken({ name: "UnclosedText", pattern: /"[^\r\n]*/, categories: [Text] });
export const Node = symbol("Node", /`[^`\r\n]*`/, "a node such as `0.attn.v.12`");
export const UnclosedNode = createToken({ name: "UnclosedNode", pattern: /`[^`\r\n]*/, categories: [Node] });
const slashed = { start_chars_hint: ["/"], line_breaks: false };
export const Regex = createToken({
  name: "Regex",
  pattern: matchRegex,
  ...slashed,
  label: "a pattern such as /[0-9]+/",
});
export const UnclosedRegex = createToken({
  name: "UnclosedRegex",
  pattern: matchUnclosedRegex,
  ...slashed,
  categories: [Regex],
});

export const NumberToken = symbol("Number", /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/, "a number");
export const Comparison = symbol("Comparison", /<=|>=|==|!=|[<>≤≥≠]/, '">=" or "<="');
export const Assign = createToken({ name: "Assign", pattern: /=/, categories: [Comparison], label: '"="' });
export const Percent = symbol("Percent", /%/, '"%"');
export const Plus = symbol("Plus", /\+/, '"+"');
export const Minus = symbol("Minus", /-/, '"-"');
export const Star = symbol("Star", /\*/, '"*"');
export const Slash = symbol("Slash", /\//, '"/"');
export const Comma = symbol("Comma", /,/, '","');
export const Colon = symbol("Colon", /:/, '":"');
export const Dot = symbol("Dot", /\./, '"."');
export const LeftBrace = symbol("LeftBrace", /\{/, '"{"');
export const RightBrace = symbol("RightBrace", /\}/, '"}"');
export const LeftParen = symbol("LeftParen", /\(/, '"("');
export const RightParen = symbol("RightParen", /\)/, '")"');

export const NewLine = createToken({ name: "NewLine", pattern: /\r\n|\r|\n/, line_breaks: true });
const Space = createToken({ name: "Space", pattern: /[ \t\f\u00a0\ufeff]+/, group: Lexer.SKIPPED });
export const Comment = createToken({ name: "Comment", pattern: /\/\/[^\r\n]*/, group: "comments" });

/** A line begins with one of these, or with the sites of a statement. */
export const DECLARATION_KEYWORDS = [
  Circuit,
  Model,
  Task,
  Import,
  Let,
  Feature,
  PositionWord,
  Nuisance,
  Claim,
  Seed,
  Examples,
  Donors,
  Alpha,
  Split,
  Rival,
];
export const VERB_KEYWORDS = [
  Carries,
  Contains,
  Ignores,
  Computes,
  EqualsVerb,
  Copies,
  Attends,
  Affects,
  DoesNotAffect,
  Is,
];
/** Beside the verbs, what ends a name everywhere. */
export const HARD_KEYWORDS = [From, To, Via, At, By, Alone, When, Expect, ExceptThrough, AnyIndex, WithNormsHeld];
const SITE_KEYWORDS = [Embed, Resid, Attn, Mlp, Logits, Nodes];
const LIST_KEYWORDS = [Heads, Head, Channels, Channel, Neurons, Neuron, Jointly, Most];
const EXPRESSION_KEYWORDS = [And, Or, Not, Mod, Matches, If, Then, Else, After, Before, True, False];
const PLACE_KEYWORDS = [First, Last, TokenWord, Matching, Count, IndexWord, Length, Min, Max, Abs];
/** A line that begins with one of these goes on with the statement of the line before. */
export const CONTINUATION_TOKENS = [
  ...HARD_KEYWORDS,
  And,
  Or,
  Mod,
  Matches,
  Then,
  Else,
  After,
  Before,
  Plus,
  Minus,
  Star,
  Slash,
  Comparison,
  Assign,
  Comma,
];

/** In the order in which the lexer tries them. */
export const ALL_TOKENS: TokenType[] = [
  Space,
  NewLine,
  Comment,
  DoesNotAffect,
  ExceptThrough,
  AnyIndex,
  WithNormsHeld,
  ...DECLARATION_KEYWORDS,
  ...SITE_KEYWORDS,
  ...LIST_KEYWORDS,
  ...PLACE_KEYWORDS,
  ...VERB_KEYWORDS.filter((verb) => verb !== DoesNotAffect),
  From,
  To,
  Via,
  At,
  By,
  Alone,
  When,
  Expect,
  ...EXPRESSION_KEYWORDS,
  Layer,
  Identifier,
  Text,
  UnclosedText,
  Node,
  UnclosedNode,
  Regex,
  UnclosedRegex,
  NumberToken,
  Comparison,
  Assign,
  Percent,
  Plus,
  Minus,
  Star,
  Slash,
  Comma,
  Colon,
  Dot,
  LeftBrace,
  RightBrace,
  LeftParen,
  RightParen,
  PlainWord,
  Word,
  NameWord,
];
