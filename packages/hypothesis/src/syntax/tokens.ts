import { createToken, Lexer, type TokenType } from "chevrotain";

/*
 * The words of the language. Most are soft: inside a name of several words (`quote type`) they are
 * plain words. Only `from to via at expect is carries ignores copies attends` end a name; a name
 * that holds one of these is written in quotes.
 */

/** Every word that a name of several words may hold. */
export const NameWord = createToken({ name: "NameWord", pattern: Lexer.NA });
/** The same without `and`, which joins things outside names. */
export const Word = createToken({ name: "Word", pattern: Lexer.NA, categories: [NameWord], label: "a word" });

const letter = "A-Za-z_\\u00c0-\\u1fff\\u2c00-\\u2fef\\u3001-\\ufdff";

export const Identifier = createToken({
  name: "Identifier",
  pattern: new RegExp(`[${letter}][${letter}0-9]*(?:-[${letter}0-9]+)*`),
  categories: [Word],
  label: "a name",
});

function keyword(word: string, categories: TokenType[] = [Word]): TokenType {
  const name = `${word[0]!.toUpperCase()}${word.slice(1)}`;
  return createToken({ name, pattern: new RegExp(word), longer_alt: Identifier, categories, label: `"${word}"` });
}

function symbol(name: string, pattern: RegExp, label: string): TokenType {
  return createToken({ name, pattern, label });
}

export const Circuit = keyword("circuit");
export const Model = keyword("model");
export const Task = keyword("task");
export const Let = keyword("let");
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
export const Nodes = keyword("nodes");
export const Heads = keyword("heads");
export const Head = keyword("head");
export const Channels = keyword("channels");
export const Channel = keyword("channel");
export const Neurons = keyword("neurons");
export const Neuron = keyword("neuron");
export const Jointly = keyword("jointly");
export const And = keyword("and", [NameWord]);

export const Carries = keyword("carries", []);
export const Ignores = keyword("ignores", []);
export const Copies = keyword("copies", []);
export const Attends = keyword("attends", []);
export const Is = keyword("is", []);
export const From = keyword("from", []);
export const To = keyword("to", []);
export const Via = keyword("via", []);
export const At = keyword("at", []);
export const Expect = keyword("expect", []);

/** `L3` */
export const Layer = createToken({
  name: "Layer",
  pattern: /L\d+/,
  longer_alt: Identifier,
  categories: [Word],
  label: "a layer such as L0",
});

/** `"…"`, in which `\"` is a quote and `\\` a backslash. */
export const Text = symbol("Text", /"(?:\\["\\]|[^"\\\r\n]|\\(?!["\\]))*"/, "a text in quotes");
/** A text or node that its line does not close. The parser takes it for a closed one. */
export const UnclosedText = createToken({ name: "UnclosedText", pattern: /"[^\r\n]*/, categories: [Text] });
export const Node = symbol("Node", /`[^`\r\n]*`/, "a node such as `0.attn.v.12`");
export const UnclosedNode = createToken({ name: "UnclosedNode", pattern: /`[^`\r\n]*/, categories: [Node] });

export const NumberToken = symbol("Number", /\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/, "a number");
export const Comparison = symbol("Comparison", /<=|>=|==|[<>≤≥]/, '">=" or "<="');
export const Equals = createToken({ name: "Equals", pattern: /=/, categories: [Comparison], label: '"="' });
export const Percent = symbol("Percent", /%/, '"%"');
export const Plus = symbol("Plus", /\+/, '"+"');
export const Minus = symbol("Minus", /-/, '"-"');
export const Comma = symbol("Comma", /,/, '","');
export const Colon = symbol("Colon", /:/, '":"');
export const Dot = symbol("Dot", /\./, '"."');
export const LeftBrace = symbol("LeftBrace", /\{/, '"{"');
export const RightBrace = symbol("RightBrace", /\}/, '"}"');

/** A declaration of the language that this version does not have, with the rest of its line. */
export const LaterDeclaration = createToken({
  name: "LaterDeclaration",
  pattern: matchLaterDeclaration,
  start_chars_hint: ["i", "f", "p", "n"],
  line_breaks: false,
});

/** A verb or condition that this version does not have, with the rest of its statement. */
export const LaterPhrase = createToken({
  name: "LaterPhrase",
  pattern: /(?:computes|affects|does not affect|equals|contains|when)(?![\w-])(?:(?!\/\/)[^\r\n}])*/,
  line_breaks: false,
});

export const NewLine = createToken({ name: "NewLine", pattern: /\r\n|\r|\n/, line_breaks: true });
const Space = createToken({ name: "Space", pattern: /[ \t\f\u00a0\ufeff]+/, group: Lexer.SKIPPED });
export const Comment = createToken({ name: "Comment", pattern: /\/\/[^\r\n]*/, group: "comments" });

export const DECLARATION_KEYWORDS = [Circuit, Model, Task, Let, Claim, Seed, Examples, Donors, Alpha, Split, Rival];
export const VERB_KEYWORDS = [Carries, Ignores, Copies, Attends, Is];
/** A line that begins with one of these goes on with the statement of the line before. */
export const CONTINUATION_TOKENS = [From, To, Via, At, Expect, And, Plus, Comma];

/** In the order in which the lexer tries them. */
export const ALL_TOKENS: TokenType[] = [
  Space,
  NewLine,
  Comment,
  LaterDeclaration,
  LaterPhrase,
  ...DECLARATION_KEYWORDS,
  Embed,
  Resid,
  Attn,
  Mlp,
  Nodes,
  Heads,
  Head,
  Channels,
  Channel,
  Neurons,
  Neuron,
  Jointly,
  And,
  Carries,
  Ignores,
  Copies,
  Attends,
  Is,
  From,
  To,
  Via,
  At,
  Expect,
  Layer,
  Identifier,
  Text,
  UnclosedText,
  Node,
  UnclosedNode,
  NumberToken,
  Comparison,
  Equals,
  Percent,
  Plus,
  Minus,
  Comma,
  Colon,
  Dot,
  LeftBrace,
  RightBrace,
  Word,
  NameWord,
];

const laterDeclaration = /(?:import|feature|position|nuisance)(?![\w-])[^\r\n]*/y;

function matchLaterDeclaration(text: string, offset: number): RegExpExecArray | null {
  let before = offset - 1;
  while (before >= 0 && /[ \t]/.test(text[before]!)) before--;
  if (before >= 0 && !/[\r\n]/.test(text[before]!)) return null;
  laterDeclaration.lastIndex = offset;
  return laterDeclaration.exec(text);
}
