import * as fc from "fast-check";
import type { ExpressionTree, Item, Name, PatternTree, SiteBase, Sites, SiteTerm } from "../src/index.ts";

/** Random syntax trees. Spans are all alike: the comparison leaves them out. */
const span = { start: 0, end: 0, line: 1, column: 1 };

const text = (value: fc.Arbitrary<string>) => value.map((of) => ({ text: of, span }));
const quotable = fc.string({ maxLength: 12 }).map((of) => of.replace(/[\r\n]/g, ""));
const word = fc.constantFrom(
  "quote",
  "type",
  "string_body",
  "head",
  "seed",
  "mlp",
  "L3",
  "neurons",
  "tür",
  "a-b",
  "split",
  "jointly",
  "feature",
  "count",
  "min",
  "most",
  "logits",
  "index",
  "rival",
);
const plainName = fc
  .tuple(word, fc.array(fc.oneof(word, fc.nat(99).map(String)), { maxLength: 2 }))
  .map(([first, rest]): Name => ({ text: [first, ...rest].join(" "), quoted: false, span }));
const quotedName = quotable.map((of): Name => ({ text: of, quoted: true, span }));
const name = fc.oneof(plainName, quotedName);
const letName = fc.constantFrom("detector", "mover", "kept", "ünit", "x_1", "carries-on", "string detector");
const whole = fc.nat(9999).map((value) => ({ value, percent: false, span }));
const percentage = fc.integer({ min: 0, max: 100 }).map((value) => ({ value: value / 100, percent: true, span }));
const real = fc.constantFrom(0.5, 0.05, 1e-7, 12.25, 3).map((value) => ({ value, percent: false, span }));
const position = fc.oneof(
  whole.map((index) => ({ kind: "index" as const, index, span })),
  name.map((of) => ({ kind: "name" as const, name: of, span })),
);
const range = fc.tuple(whole, whole).map(([first, last]) => ({ first, last, span }));
const indices = fc.record({ ranges: fc.array(range, { minLength: 1, maxLength: 3 }), span: fc.constant(span) });
const layer = fc.record({ index: fc.nat(40), span: fc.constant(span) });
const kind = <Kind extends string>(of: Kind) => ({ kind: fc.constant(of), span: fc.constant(span) });

const { sites } = fc.letrec<{ sites: Sites; term: SiteTerm; base: SiteBase }>((tie) => ({
  base: fc.oneof(
    { depthSize: "small" },
    fc.record({ ...kind("embed") }),
    fc.record({ ...kind("circuit") }),
    fc.record({ ...kind("logits") }),
    fc.record({ ...kind("resid"), layer }),
    fc.record({ ...kind("mlp"), layer }),
    fc.record({ ...kind("attn"), layer, heads: indices }, { requiredKeys: ["kind", "layer", "span"] }),
    fc.record({ ...kind("node"), id: text(fc.constantFrom("0.attn.q.3", "12.mlp.post_act.407", "?")) }),
    fc.record({ ...kind("nodes-from"), path: text(quotable) }),
    fc.record({ ...kind("reference"), name: text(letName) }),
    fc.record({ ...kind("group"), sites: tie("sites") }),
  ),
  term: fc.record(
    {
      base: tie("base"),
      part: text(fc.constantFrom("q", "in", "pattern", "neurons")),
      channels: fc.record({
        word: fc.constantFrom("channels" as const, "neurons" as const),
        ranges: fc.array(range, { minLength: 1, maxLength: 3 }),
        span: fc.constant(span),
      }),
      position,
      span: fc.constant(span),
    },
    { requiredKeys: ["base", "span"] },
  ),
  sites: fc.record({ terms: fc.array(tie("term"), { minLength: 1, maxLength: 3 }), span: fc.constant(span) }),
}));

const pattern: fc.Arbitrary<PatternTree> = fc.oneof(
  fc.record({ ...kind("exactly"), text: quotable }),
  fc.record({ ...kind("regex"), source: fc.constantFrom("['\"]", "[0-9]+", "a\\/b", "[/]", "^x|y{2,3}$", "\\)") }),
);
const stretch = { after: position, before: position };
const literal = fc.oneof(fc.nat(999), fc.boolean(), quotable, fc.constantFrom(0.5, 1e-7));
const { expression } = fc.letrec<{ expression: ExpressionTree }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "small" },
    fc.record({ ...kind("literal"), value: literal }),
    fc.record({ ...kind("feature"), name }),
    fc.record({ ...kind("length") }),
    fc.record({ kind: fc.constantFrom("token" as const, "index" as const), at: position, span: fc.constant(span) }),
    fc.record({ ...kind("count"), tokens: pattern, ...stretch }, { requiredKeys: ["kind", "span", "tokens"] }),
    fc.record({ ...kind("matches"), operand: tie("expression"), pattern }),
    fc.record({
      ...kind("unary"),
      operator: fc.constantFrom("-" as const, "not" as const, "abs" as const),
      operand: tie("expression"),
    }),
    fc.record({
      ...kind("binary"),
      operator: text(fc.constantFrom("+", "-", "*", "/", "mod", "min", "max", "==", "!=", "<", "≥", "and", "or")),
      left: tie("expression"),
      right: tie("expression"),
    }),
    fc.record({
      ...kind("if"),
      condition: tie("expression"),
      consequence: tie("expression"),
      otherwise: tie("expression"),
    }),
  ),
}));
const rule = fc.oneof(
  fc.record(
    { kind: fc.constantFrom("first" as const, "last" as const), tokens: pattern, ...stretch, span: fc.constant(span) },
    { requiredKeys: ["kind", "span", "tokens"] },
  ),
  fc.record({ ...kind("offset"), from: position, by: fc.integer({ min: -9, max: 9 }) }),
);
const input = fc.record({ sites, feature: name, span: fc.constant(span) }, { requiredKeys: ["sites", "span"] });

const statement = fc.oneof(
  fc.record({ ...kind("carries"), subject: sites, atMost: fc.boolean(), feature: name }),
  fc.record({ ...kind("contains"), subject: sites, feature: name }),
  fc.record({ ...kind("ignores"), subject: sites, feature: name }),
  fc.record({
    ...kind("computes"),
    subject: sites,
    feature: name,
    inputs: fc.array(input, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ ...kind("equals"), subject: sites, expression }),
  fc.record(
    {
      ...kind("copies"),
      subject: sites,
      feature: name,
      from: position,
      to: position,
      via: text(fc.constant("v")),
      alone: fc.boolean(),
    },
    { requiredKeys: ["kind", "span", "subject", "feature", "alone"] },
  ),
  fc.record({ ...kind("attends"), subject: sites, from: position, to: position }),
  fc.record({ ...kind("affects"), subject: sites, target: sites }),
  fc.record(
    { ...kind("does not affect"), subject: sites, target: sites, through: sites },
    { requiredKeys: ["kind", "span", "subject", "target"] },
  ),
  fc.record({
    ...kind("is"),
    subject: sites,
    properties: fc.array(text(fc.constantFrom("sufficient", "necessary", "minimal", "complete")), {
      minLength: 1,
      maxLength: 3,
    }),
  }),
);

const expectation = fc.oneof(
  fc.record({ ...kind("verdict"), verdict: text(fc.constantFrom("refuted", "not supported")) }),
  fc.record({
    ...kind("figure"),
    figure: text(fc.constantFrom("transfer", "r", "unexplained")),
    comparison: fc.constantFrom(">=", "<=", "<", "="),
    value: fc.oneof(real, percentage),
  }),
);

const definition = fc.record({ ...kind("let"), name: text(letName), sites });
const claim = fc.record(
  {
    ...kind("claim"),
    name,
    statement,
    when: expression,
    anyIndex: fc.boolean(),
    normsHeld: fc.boolean(),
    expectations: fc.array(expectation, { maxLength: 3 }),
    claimed: fc.constant(span),
  },
  { requiredKeys: ["kind", "span", "statement", "anyIndex", "normsHeld", "expectations", "claimed"] },
);
const item: fc.Arbitrary<Item> = fc.oneof(
  fc.record({ ...kind("title"), value: text(quotable) }),
  fc.record({ ...kind("model"), value: text(quotable) }),
  fc.record({ ...kind("task"), value: name }),
  fc.record({ ...kind("split"), value: name }),
  fc.record({ ...kind("seed"), value: whole }),
  fc.record({ ...kind("alpha"), value: fc.oneof(real, percentage) }),
  fc.record({ ...kind("import"), path: text(quotable) }),
  fc.record(
    {
      ...kind("feature"),
      nuisance: fc.boolean(),
      name,
      anchor: position,
      type: text(fc.constantFrom("int", "bool", "text")),
      expression,
    },
    { requiredKeys: ["kind", "span", "nuisance", "name", "type", "expression"] },
  ),
  fc.record({ ...kind("position"), name, rule }),
  fc.record({ ...kind("nuisance"), names: fc.array(name, { minLength: 1, maxLength: 3 }) }),
  fc.record({
    ...kind("rival"),
    title: text(quotable),
    items: fc.array(fc.oneof(definition, claim), { maxLength: 3 }),
  }),
  definition,
  { weight: 6, arbitrary: claim },
);

export const items: fc.Arbitrary<Item[]> = fc.array(item, { maxLength: 6 });

const SPANS = new Set(["span", "claimed"]);

/** A tree without its spans, as plain data; an index list of one is a range with equal ends. */
export function spanless(tree: unknown): unknown {
  return JSON.parse(JSON.stringify(tree, (key, value: unknown) => (SPANS.has(key) ? undefined : value)));
}
