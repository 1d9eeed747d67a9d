import { expect, test } from "vitest";
import { formatDiagnostic } from "../src/index.ts";
import { diagnose, environment } from "./quote-environment.ts";

/** `<|` and `|>` mark where the one error of the text has to be. */
function marked(text: string): { source: string; start: number; end: number } {
  const start = text.indexOf("<|");
  const end = text.indexOf("|>") - 2;
  return { source: text.replace("<|", "").replace("|>", ""), start, end };
}

test("channels that a sublayer reads beside the residual stream exist where positions are concatenated", () => {
  const of = (dPos: number, line: string) => {
    const shape = { ...environment.shape!, dPos };
    return diagnose(line, { ...environment, shape }).map(({ message }) => message);
  };
  for (const site of ["0.attn.act_in", "1.mlp.act_in"]) {
    expect(of(6, `\`${site}.29\` carries quote type`)).toEqual([]);
    expect(of(6, `\`${site}.30\` carries quote type`)).toEqual([`there is no channel 30 in ${site}`]);
    expect(of(0, `\`${site}.24\` carries quote type`)).toEqual([`there is no channel 24 in ${site}`]);
  }
  expect(of(6, "`0.attn.resid_delta.24` carries quote type")).toHaveLength(1);
});

test.each([
  // names of the model
  ["attn <|L10|> copies quote type", "unknown-layer", "L0, L1"],
  ["resid <|L2|> carries quote type", "unknown-layer", "L0, L1"],
  ["attn L1 head <|4|> copies quote type", "unknown-head", "4 heads: 0 to 3"],
  ["attn L1 heads 0, <|2-9|> copies quote type", "unknown-head", "0 to 3"],
  ["mlp L0 neurons 3, <|64|> carries quote type", "unknown-channel", "64 neurons: 0 to 63"],
  ["mlp L0 channel <|24|> carries quote type", "unknown-channel", "24 channels: 0 to 23"],
  ["attn L0 head 1.q channel <|8|> carries quote type", "unknown-channel", "8 channels: 0 to 7"],
  ["attn L0.q channels 0, <|32|> carries quote type", "unknown-channel", "0 to 31"],
  ["<|`0.attn.resid_delta.24`|> carries quote type", "unknown-channel", "0 to 23"],
  ["<|`4.attn.resid_delta.3`|> carries quote type", "unknown-layer", "L0, L1"],
  ["<|`0.atn.q.3`|> carries quote type", "unknown-node", 'did you mean "0.attn.q"'],
  ["<|`logits.3`|> carries quote type", "unknown-node", ""],
  ["attn L0.<|z|> carries quote type", "unknown-part", ".out, .in, .q, .k, .v, .pattern"],
  ["attn L0 head 1.<|in|> carries quote type", "unknown-part", "attn L0.in"],
  ["embed.<|q|> carries quote type", "unknown-part", "no parts"],
  ["resid L0.<|out|> carries quote type", "unknown-part", ".in, .mid"],
  // names of the task
  ["attn L1 copies <|quot type|>", "unknown-feature", 'did you mean "quote type"?'],
  ["attn L1 copies <|zebra|>", "unknown-feature", "it has: quote type, string body, distance from start"],
  ["attn L1 at <|opner|> carries quote type", "unknown-position", 'did you mean "opener"?'],
  ["attn L1 copies quote type from opener to <|lst|>", "unknown-position", 'did you mean "last"?'],
  ["attn L1 copies <|string body|>", "missing-anchor", "copies … from"],
  ["attn L1 copies distance from start <|from|> opener", "syntax", "is written in quotes"],
  // names of the file
  ["<|mover|> copies quote type", "unknown-name", "no `let`"],
  ["let mover = attn L1\n<|muver|> copies quote type", "unknown-name", 'did you mean "mover"?'],
  ["let a = attn L1\nlet <|a|> = attn L0\na copies quote type", "repeated-name", ""],
  ["let <|a|> = attn L0 + b\nlet b = a\nattn L1 copies quote type", "circular-name", ""],
  ['let kept = nodes from <|"broken.json"|>\nkept is sufficient', "node-file", ""],
  ['nodes from <|"deep.nodes.json"|> is sufficient', "unknown-layer", "L0, L1"],
  // sites that do not fit
  ["let m = mlp L0 neurons 3\nm.<|in|> carries quote type", "wrong-sites", ""],
  ["let m = mlp L0 neurons 3\nm <|channels 3|> carries quote type", "wrong-channels", ""],
  ["attn L0 <|neurons 3|> carries quote type", "wrong-channels", "only the hidden layer"],
  ["mlp L0.in <|neuron 3|> carries quote type", "wrong-channels", "only the hidden layer"],
  ["attn L0.pattern <|channel 3|> carries quote type", "wrong-channels", ".q, .k or .v"],
  ["{ attn L0 at opener + mlp L0 } at <|last|> carries quote type", "repeated-position", ""],
  ["<|mlp L0|> copies quote type", "wrong-sites", ""],
  ["<|attn L0 + attn L1|> copies quote type", "wrong-sites", "one claim for each layer"],
  ["<|attn L0 head 1.q|> copies quote type", "wrong-sites", ""],
  ["<|attn L0 at opener|> copies quote type", "wrong-sites", ""],
  ["<|attn L1.q channel 3|> copies quote type", "wrong-sites", ""],
  ["attn L1 copies quote type via <|q|>", "wrong-route", "goes via v"],
  ["<|attn L1|> attends from last to opener expect mass >= 0.5", "wrong-sites", "name one head"],
  ["<|attn L1 head 1-2|> attends from last to opener expect mass >= 0.5", "wrong-sites", "name one head"],
  ["<|circuit|> carries quote type", "wrong-sites", "is sufficient"],
  ["<|circuit|> + attn L0 is sufficient", "wrong-sites", ""],
  ["<|attn L0 at last|> is sufficient", "position-in-circuit", "leave out"],
  ["let a = attn L0 at last\n<|a|> is necessary", "position-in-circuit", ""],
  ["<|circuit|> is sufficient", "empty-circuit", "union"],
  ["attn L1 copies quote type expect refuted\n<|circuit|> is sufficient", "empty-circuit", "supported"],
  ["<|embed|> is sufficient", "empty-circuit", ""],
  ['<|nodes from "empty.nodes.json"|> is sufficient', "empty-circuit", ""],
  // expectations
  ["attn L1 copies quote type expect <|trnsfer|> >= 40%", "unknown-figure", 'did you mean "transfer"?'],
  ["attn L1 copies quote type expect <|toString|> >= 40%", "unknown-figure", "transfer, r, control"],
  ["attn L1 copies quote type expect <|recovered|> >= 40%", "unknown-figure", "never decides"],
  ["attn L1 ignores quote type expect <|transfer|> <= 0.1", "unknown-figure", "V"],
  ["attn L1 copies quote type expect <|transfer <= 40%|>", "wrong-direction", "write transfer >= 40%"],
  ["attn L1 is sufficient expect <|unexplained > 0.1|>", "wrong-direction", "write unexplained <= 0.1"],
  ["attn L1 copies quote type expect transfer >= <|40|>", "wrong-number", "did you mean 40%?"],
  ["attn L1 copies quote type expect transfer >= <|0|>", "wrong-number", ""],
  ["attn L1 copies quote type expect r <= <|100%|>", "wrong-number", ""],
  ["attn L1 copies quote type expect <|refutd|>", "unknown-expectation", 'did you mean "refuted"?'],
  ["attn L1 copies quote type expect <|inconclusive|>", "unknown-expectation", "not supported"],
  ["attn L1 copies quote type expect <|transfer|>", "unknown-expectation", "write transfer >= and a number"],
  ["attn L1 copies quote type expect refuted, <|supported|>", "repeated-expectation", ""],
  ["attn L1 copies quote type expect r <= 0.1 expect <|r <= 0.2|>", "repeated-expectation", ""],
  ["<|attn L1 head 3 attends from last to opener|>", "missing-expectation", "expect mass >= 50%"],
  // settings and the file
  ["seed <|1.5|>\nattn L1 copies quote type", "wrong-number", ""],
  ["examples <|0|>\nattn L1 copies quote type", "wrong-number", ""],
  ["alpha <|5|>\nattn L1 copies quote type", "wrong-number", "did you mean 5%?"],
  ["split <|train|>\nattn L1 copies quote type", "unknown-split", "dev or test"],
  ["seed 1\n<|seed 2|>\nattn L1 copies quote type", "repeated-declaration", ""],
  ['circuit "a"\n<|circuit "b"|>\nattn L1 copies quote type', "repeated-declaration", ""],
  ["claim a: attn L1 copies quote type\nclaim <|a|>: attn L0 copies quote type", "repeated-claim-name", ""],
  ["claim <|claim 2|>: attn L1 copies quote type", "repeated-claim-name", ""],
  ["<||>seed 3", "no-claims", ""],
  ["mlp L0 neurons <|7-3|> carries quote type", "wrong-number", "write 3-7"],
  ["attn L1 is sufficient and <|sufficient|>", "syntax", ""],
  ["attn L1 is <|great|>", "syntax", '"sufficient", "necessary", "complete" or "minimal"'],
  // syntax
  ["<|copies|> quote type", "syntax", "begins with its sites"],
  ['modle <|"x"|>\nattn L1 copies quote type', "syntax", 'did you mean "model"?'],
  ["attn L1 <|carrys|> quote type", "syntax", 'did you mean "carries"?'],
  ["attn <|1|> copies quote type", "syntax", "write L1"],
  ["model <|models|>\nattn L1 copies quote type", "syntax", "quotes"],
  ["let <|carries|> = mlp L0\nattn L1 copies quote type", "syntax", "a word of the language"],
  ["let d =<||>\nattn L1 copies quote type", "syntax", ""],
  ["attn L1 copies<||>", "syntax", ""],
  ["attn L1 copies quote type expect transfer <|40|>%", "syntax", "transfer >= 40%"],
  ["mlp L0 neurons 3<|.|>.7 carries quote type", "syntax", "3-7"],
  ["seed <|-|>1\nattn L1 copies quote type", "syntax", ""],
  ["{ attn L0 + mlp L0 <|carries|> quote type", "syntax", ""],
  ['attn L1 copies <|"quote type|>', "unclosed-text", 'close it with "'],
  ["<|`0.attn.q.3 carries quote type|>", "unclosed-text", "close it with `"],
  ["<|#|> a remark\nattn L1 copies quote type", "unexpected-character", ""],
  ["attn L1 copies <|§|> quote type", "unexpected-character", ""],
  ["attn L1 <|does|> not effect logits", "syntax", "does not affect"],
  ["let a = mlp L0\na carrys quote type<||>", "syntax", 'did you mean "carries"?'],
  ["attn L0 copies quote type\n<|}|>", "syntax", ""],
  ["rival <|x|> {\nattn L1 copies quote type\n}", "syntax", "quotes"],
  ['<|rival "x" {|>\nattn L1 copies quote type', "syntax", "close it"],
  ['rival "x" {\nattn L1 copies quote type\n<|rival "y" {|>\n}\n}', "syntax", "close the first"],
  ["attn L1 copies quote type when foo<|(|>3) == 4", "syntax", "count(…)"],
  ["attn L1 copies quote type when <|/|>x/ == 4", "syntax", ""],
  ["attn L1 copies quote type when length() > 3 and<||>", "syntax", ""],
  // definitions
  ["feature a<|=|> 3\nattn L1 copies quote type", "syntax", ""],
  ["feature a: <|integer|> = 3\nattn L1 copies quote type", "unknown-type", "int, bool or text"],
  ['feature a: int = <|"x"|>\nattn L1 copies quote type', "wrong-type", ""],
  ["feature a: int = <|3 / 2|>\nattn L1 copies quote type", "wrong-type", "fraction"],
  ["feature a: bool = <|length()|>\nattn L1 copies quote type", "wrong-type", "compare it"],
  ["feature a: int = 1 + <|quote type|>\nattn L1 copies quote type", "wrong-type", ""],
  ["feature a: int = 1 + <|(length() > 3)|>\nattn L1 copies quote type", "wrong-type", "then 1 else 0"],
  ['feature a: bool = not <|"x"|>\nattn L1 copies quote type', "wrong-type", ""],
  ["feature a: bool = quote type == <|3|>\nattn L1 copies quote type", "wrong-type", "alike"],
  ["feature a: bool = quote type <|=|> quote type\nattn L1 copies quote type", "syntax", "=="],
  ['feature a: int = if length() > 3 then 1 else <|"x"|>\nattn L1 copies quote type', "wrong-type", "alike"],
  ["feature a: bool = <|length()|> matches /x/\nattn L1 copies quote type", "wrong-type", ""],
  ["feature a: int = <|quot type|> + 1\nattn L1 copies quote type", "unknown-feature", "quote type"],
  ["feature a: int = index(<|opner|>)\nattn L1 copies quote type", "unknown-position", "opener"],
  ["feature a: int = index(<|all|>)\nattn L1 copies quote type", "wrong-position", "name a position"],
  ["feature a at <|3|>: int = 1\nattn L1 copies quote type", "wrong-position", "position NAME = 3"],
  ["feature <|quote-type|>: int = 1\nattn L1 copies quote type", "repeated-name", "another name"],
  ["feature a b: int = 1\nfeature <|a_b|>: int = 1\nattn L1 copies quote type", "repeated-name", "quotes.circuit:1"],
  ["feature <|a|>: int = b\nfeature b: int = a\nattn L1 copies quote type", "circular-name", ""],
  ["position <|a|> = b + 1\nposition b = a - 1\nattn L1 copies quote type", "circular-name", ""],
  ["position <|last|> = 3\nattn L1 copies quote type", "repeated-name", ""],
  ["position p = first token matching /a*<|*|>/\nattn L1 copies quote type", "wrong-pattern", "greed"],
  ["nuisance <|string bodi|>\nattn L1 copies quote type", "unknown-feature", "string body"],
  ["let a_b = mlp L0\nlet <|a-b|> = mlp L0\nattn L1 copies quote type", "repeated-name", ""],
  // patterns
  ["position p = first token matching /a<|{|>x/\nattn L1 copies quote type", "wrong-pattern", "{2,5}"],
  ["position p = first token matching /(a*<|?|>)/\nattn L1 copies quote type", "wrong-pattern", "greed"],
  ["position p = first token matching /<|(|>a/\nattn L1 copies quote type", "wrong-pattern", "\\("],
  ["position p = first token matching /(<|?=|>a)/\nattn L1 copies quote type", "wrong-pattern", ""],
  ["position p = first token matching /a<|\\b|>/\nattn L1 copies quote type", "wrong-pattern", "\\d"],
  ["position p = first token matching /<|(a{99}){99}|>/\nattn L1 copies quote type", "wrong-pattern", "2000"],
  ["position p = first token matching /[<|z-a|>]/\nattn L1 copies quote type", "wrong-pattern", "a-z"],
  ["position p = first token matching <|/a|>\nattn L1 copies quote type", "unclosed-text", "/"],
  // imports
  ['import <|"none.circuit"|>\nattn L1 copies quote type', "import", ""],
  ['import "parts.circuit"\nlet <|mover|> = mlp L0\nattn L1 copies quote type', "repeated-name", "parts.circuit:1"],
  ['import "parts.circuit"\nattn L1 at <|strt|> carries depth', "unknown-position", "start"],
  // conditions and rivals
  ["attn L1 copies quote type when 1 == 1 <|when|> 2 == 2", "syntax", "and"],
  ["attn L1 copies quote type any index <|any index|>", "syntax", ""],
  ["attn L1 copies quote type when <|quote type|>", "wrong-type", "compare it"],
  ["attn L1 copies quote type when <|depht|> > 1", "unknown-feature", ""],
  ['attn L1 copies quote type\nrival "x" {\n<|seed 3|>\n}', "misplaced-line", "before it"],
  ['attn L1 copies quote type\nrival "x" {\n<|mover|> carries quote type\n}', "unknown-name", ""],
  ['rival "x" {\nlet mover = attn L1\n}\n<|mover|> copies quote type', "unknown-name", ""],
  ['rival "x" {\nmlp L0 carries quote type\n}\n<|rival "x" {|>\n}', "repeated-name", ""],
  ['rival "x" {\nmlp L0 carries quote type\n}\n<|circuit|> is sufficient', "empty-circuit", "union"],
  // statements
  ["attn L0 computes quote type from <|mlp L0 at opener|>", "not-upstream", "worked out later"],
  ["attn L0.q computes quote type from <|attn L0.k|>", "not-upstream", ""],
  ["attn L0.pattern computes quote type from <|attn L0.v|>", "not-upstream", ""],
  ["mlp L0 at 3 computes quote type from <|embed at 4|>", "not-upstream", ""],
  ["mlp L0.neurons at 3 computes quote type from <|mlp L0.in at 2|>", "not-upstream", ""],
  ["attn L1 computes quote type from embed, <|{ embed at 3 }|>", "overlapping-sites", "once"],
  ["<|mlp L1|> affects attn L0", "not-upstream", ""],
  ["attn L0 does not affect logits except through <|embed|>", "not-upstream", "between"],
  ["attn L0 does not affect attn L1 except through <|mlp L1|>", "not-upstream", ""],
  [
    "mlp L0 neurons 1-5 computes quote type from embed\n<|mlp L0 neurons 5|> computes string body from embed",
    "overlapping-claims",
    "rival",
  ],
  ["<|logits|> carries quote type", "wrong-sites", "affects logits"],
  ["attn L0 affects logits <|channel 3|>", "wrong-channels", ""],
  ["attn L0 affects logits at <|opener|>", "wrong-position", ""],
  ['attn L0 equals <|"x"|>', "wrong-type", ""],
  ["attn L1 is <|perfect|>", "syntax", '"complete"'],
  ["attn L1 is minimal expect <|gap|> <= 10%", "unknown-figure", ""],
  ["<|attn L1 copies quote type|> expect rest <= 10%", "unknown-figure", "alone"],
  // sizes
  ["attn L1 copies quote type when " + "(".repeat(50) + "<|(|>1", "too-large", "names of their own"],
  ["feature a: int = 1" + " + 1".repeat(247) + " <|+|> 1\nattn L1 copies quote type", "too-large", ""],
])("%s", (text, code, hint) => {
  const { source, start, end } = marked(text);
  const [first, ...others] = diagnose(source);
  expect(first).toMatchObject({ code, file: "quotes.circuit", severity: "error" });
  expect(others).toEqual([]);
  expect(source.slice(first!.span.start, first!.span.end)).toBe(source.slice(start, end));
  const lines = source.slice(0, first!.span.start).split("\n");
  expect([first!.span.line, first!.span.column]).toEqual([lines.length, lines.at(-1)!.length + 1]);
  expect(first!.hint ?? "").toContain(hint);
});

test("the message of an unreadable node file names the file", () => {
  expect(diagnose('nodes from "broken.json" is sufficient')[0]!.message).toMatch(/^broken\.json: not JSON/);
});

test("files that import each other are told so where the circle closes", () => {
  const [first, ...others] = diagnose('import "circle.circuit"\nattn L1 copies quote type');
  expect(first).toMatchObject({ code: "circular-import", file: "back.circuit", source: 'import "circle.circuit"' });
  expect(others).toEqual([]);
  expect(formatDiagnostic(first!, "unrelated")).toContain('1 | import "circle.circuit"');
});

test("what is wrong with an imported file is told of that file, after the errors of the file itself", () => {
  const text = 'import "broken.circuit"\nimport "wrong.circuit"\nfar carries quot type';
  expect(diagnose(text).map(({ file, code }) => [file, code])).toEqual([
    ["quotes.circuit", "unknown-feature"],
    ["broken.circuit", "syntax"],
    ["wrong.circuit", "unknown-layer"],
  ]);
});

test("lets that double each time are stopped, and so are chains of them without end", () => {
  const doubling = Array.from({ length: 40 }, (_, i) => `let a${i + 1} = a${i} + a${i}`).join("\n");
  expect(diagnose(`let a0 = mlp L0\n${doubling}\na40 carries quote type`)[0]).toMatchObject({ code: "too-large" });
  const chain = Array.from({ length: 20_000 }, (_, i) => `let b${i} = b${i + 1}`).join("\n");
  const codes = new Set(diagnose(`${chain}\nlet b20000 = mlp L0\nb0 carries quote type`).map(({ code }) => code));
  expect(codes).toEqual(new Set(["too-large"]));
});

test("one run reports the errors of every line", () => {
  const text = [
    'modle "x"',
    "attn L10 copies quot type from opner",
    "let d = mlp L",
    "d carries quote type",
    "attn L1 head 9 computes quote type",
    "attn L1 ignores string body expect Q <= 2",
  ].join("\n");
  expect(diagnose(text).map(({ code, span }) => [span.line, code])).toEqual([
    [1, "syntax"],
    [2, "unknown-layer"],
    [2, "unknown-feature"],
    [2, "unknown-position"],
    [3, "syntax"],
    [5, "syntax"],
    [6, "unknown-figure"],
  ]);
});

test("a line with an error in two places tells both", () => {
  const text = "mlp L0 neurons x carries quote type expect >= 3";
  expect(diagnose(text).map(({ span }) => span.column)).toEqual([16, 44]);
});

test("without a model and a task a file has to name them", () => {
  const codes = (text: string) => diagnose(text, {}).map(({ code }) => code);
  expect(codes("attn L10 copies quot type")).toEqual(["missing-model", "missing-task"]);
  expect(codes('model "m"\ntask t\nattn L10 copies quot type')).toEqual([]);
  expect(codes("model m\ntask\nattn L1 copies quote type")).toEqual(["syntax", "syntax"]);
});

test("without a model and a task everything else is still checked", () => {
  const text =
    'model "m"\ntask t\nattn L9.z carries x\nattn L9 carries x expect U <= 1\nmlp L0 neurons 0-99999999999 carries x';
  expect(diagnose(text, {}).map(({ code }) => code)).toEqual(["unknown-part", "unknown-figure", "unknown-channel"]);
});

test("where node files cannot be read, one that is named is an error", () => {
  const { shape, task } = environment;
  expect(diagnose('nodes from "a.json" is sufficient', { shape: shape!, task: task! })).toMatchObject([
    { code: "node-file" },
  ]);
});
