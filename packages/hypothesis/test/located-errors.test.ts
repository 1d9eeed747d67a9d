import { expect, test } from "vitest";
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
  ["attn L1 is <|great|>", "syntax", '"sufficient" or "necessary"'],
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
  // what comes later
  ["attn L1 <|computes|> quote type from embed at opener", "not-in-this-version", "carries"],
  ["attn L1 <|affects|> logits", "not-in-this-version", "carries"],
  ["attn L1 <|does not affect|> logits except through mlp L1", "not-in-this-version", ""],
  ['attn L1 <|equals|> 3 * count("[")', "not-in-this-version", ""],
  ["attn L1 <|contains|> quote type", "not-in-this-version", ""],
  ["attn L1 copies quote type <|when|> depth > 3", "not-in-this-version", ""],
  ["attn L1 <|carries|> at most quote type", "not-in-this-version", ""],
  ["attn L1 copies quote type via v <|alone|>", "not-in-this-version", ""],
  ["attn L1 is sufficient and <|minimal|>", "not-in-this-version", ""],
  ["attn L1 is <|complete|>", "not-in-this-version", ""],
  ['<|import|> "other.circuit"\nattn L1 copies quote type', "not-in-this-version", ""],
  ['<|feature|> depth: int = count("[") - count("]")\nattn L1 copies quote type', "not-in-this-version", ""],
  ["<|position|> p = first token matching /['\"]/\nattn L1 copies quote type", "not-in-this-version", ""],
  [
    '<|rival|> "other" {\n  attn L0 copies quote type\n  mlp L0 carries quote type\n}\nattn L1 copies quote type',
    "not-in-this-version",
    "",
  ],
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
    [5, "not-in-this-version"],
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
