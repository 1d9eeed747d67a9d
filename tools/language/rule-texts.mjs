/** What the reference says beside the grammar. */

export const INTRODUCTION = `# The hypothesis language: reference

Made from the grammar by \`node tools/language-docs.mjs\`; a test fails where it is not up to date. For an introduction
see the [tour](tour/README.md), for messages the [diagnostics](errors.md), and for what a verdict means the
[README of \`@filigree/scrubbing\`](../../packages/scrubbing/README.md).

A \`.circuit\` file is a list of lines; blank lines and what follows \`//\` mean nothing. A line goes on where it ends in
\`+\`, \`,\` or \`:\`, inside \`{ }\` and \`( )\`, and where the next one begins with a word that cannot begin a line: \`expect\`,
\`from\`, \`to\`, \`via\`, \`at\`, \`by\`, \`when\`, \`and\`, \`or\`, \`then\`, \`else\` and the like, or a sign.

In the diagrams, round boxes are written as they stand, square ones are rules. Words in capitals stand for a kind:

| word | what is written |
| --- | --- |
| \`WORD\` | a word of letters, digits, \`_\` and \`-\` |
| \`TEXT\` | a text in quotes on one line, \`"…"\`; \`\\"\` is a quote in it and \`\\\\\` a backslash |
| \`NUMBER\` | \`3\`, \`0.5\`, \`1e-3\` |
| \`LAYER\` | \`L0\`, \`L1\` … |
| \`NODE\` | a node id between backticks, such as \`\` \`0.attn.v.12\` \`\` |
| \`REGEX\` | a pattern between slashes, \`/[0-9]+/\` |
| \`COMPARISON\` | \`>=\` \`<=\` (\`≥\` \`≤\`), in expressions also \`>\` \`<\` \`==\` \`!=\` |

In the written rules, words and signs of the language stand in quotes; \`[ ]\` is once or not at all, \`{ }\` any number of times, and \`|\` one of several.
`;

export const CHAPTERS = [
  {
    title: "Lines",
    text: "Every line declares something, defines a name, or claims something.",
    rules: {
      line: "One line. Lines may come in any order: a name may be used before the line that defines it.",
      title: "What the file is about. Reports show it.",
      model: "The checkpoint directory, by its path from the file.",
      task: 'A built-in task by its name, or a file of examples by its path: `task "./data.jsonl"`.',
      setting:
        "How claims are tested: `examples` (512), `donors` for each example (4), the error rate `alpha` (0.05) and the `seed` (0) of all that is drawn.",
      split: "Which examples are drawn: `test` (where nothing is said) or `dev`.",
      import:
        "Brings the `let`s, features and positions of another file, and what that file imports; its claims stay its own. The path is seen from the importing file.",
      let: "Gives sites a name. A name of several words may not hold words of the language.",
      feature:
        "Defines a feature: a function of one example, of type `int`, `bool` or `text`. `at` names the position where the prompt shows it; `copies` starts from there where it says nothing else. `nuisance` marks it as one that should not matter. An example in which the expression has no value is left out, and reports say how many are.",
      nuisance:
        "Marks features, the task's or the file's, as ones that should not matter: donors may differ in them. Of an imported file, only marks of features that are defined in files count.",
      definedPosition:
        "Defines a position, bound in each example anew: the first or last token that matches, or a place so many tokens after or before another. An example may lack it.",
      search: 'The first or last token that is a text, or in which a pattern is found: `last token "]" before last`.',
      offset: "Another position, or one so many tokens later or earlier.",
      rival:
        "Begins a competing hypothesis, which runs to the `}`. It holds claims and `let`s of its own; its claims are tested like the file's and reported beside them.",
      rivalEnd: "Ends a rival.",
      claim:
        "A statement about sites, under which conditions it is made, and what is expected of it. A name tells it from others in reports.",
      modifier:
        "`when` restricts the examples that are asked about (never those that lend values for the scale). `any index` lets a position lie elsewhere in the example that lends its value; without it, it has to be the same index in models that know positions. `with norms held` keeps the scales of norms as they were.",
      expect: "Bounds in place of the defaults, or that the claim is meant to fail.",
      expectation: "`refuted`, `not supported`, or a figure and its bound: `transfer >= 40%`.",
    },
  },
  {
    title: "Statements",
    text: "What is said of sites. The table of figures and bounds is in the [README of the package](../../packages/hypothesis/README.md).",
    rules: {
      predicate: "What the sites do.",
      carries:
        "The feature is all that matters of what the sites hold, and it matters. With `at most`, values of the feature that call for the same answer need not be told apart.",
      contains: "The feature matters; perhaps other things do too.",
      ignores: "The feature makes no difference to what the sites do. Something else has to.",
      computes: "The sites work out a feature from these inputs and nothing else.",
      source:
        "An input: sites, and after `by` the feature by which their values may be replaced, those of any example with the same value of it. Without `by` they come from the same example as the sites' own.",
      equals: "What the sites hold is a number's, scaled and shifted.",
      copies:
        "Whole heads of one layer move a feature from one position to another by their values. Without `from`, it is the feature's anchor; without `to`, `last`. `alone` adds that nothing else moves it.",
      attends: "One head looks from one position to another. `expect mass >= …` is always stated.",
      affects: "What the sites hold makes a difference to other sites, or to the logits.",
      doesNotAffect: "It makes none; after `except through`, none but by way of those sites.",
      is: "The sites, taken as nodes at all positions, are a circuit with these properties. `circuit` stands for the sites of all positive claims; in a rival, of the rival's.",
      property:
        "`sufficient`, `necessary`, `complete` or `minimal`. `necessary jointly` says what `necessary` always means. `minimal` is about the nodes; of `circuit`, where `computes`, `copies` and `affects` make edges, about the edges too; of a circuit that is one node file, about the edges that it lists. Edges between its nodes that a file leaves out are no part of the circuit: they carry what another prompt shows, and `necessary` is then about the edges that are listed.",
    },
  },
  {
    title: "Sites",
    text: "Parts of the model. Which hook each names is in the [README of the package](../../packages/hypothesis/README.md).",
    rules: {
      sites: "Sites joined by `+` are taken together.",
      term: "A part, some of its channels, and a position. A `let` may be narrowed where it is used: `mover.v at opener`.",
      base: "What is narrowed. `logits` can only be affected; `circuit` stands alone.",
      words: "The name of a `let`.",
      group: "Sites in braces may be joined by commas too.",
      channels:
        "Of a named head they are counted from its first; else from the site's. Only the hidden layer of an MLP has neurons.",
      indices: "Single ones and ranges.",
      range: "Both ends belong to it.",
    },
  },
  {
    title: "Expressions",
    text: `Functions of one example. They always end: there are no loops, and nothing runs but what stands here. Types are checked
before anything is run: whole numbers, numbers, \`true\` and \`false\`, texts. A value that is not there (a missing position,
a division by zero) makes the whole expression have none.

Names in expressions end at \`and or not mod matches if then else after before true false\`; a feature whose name holds one
of these, or a verb, is written \`feature("…")\`.`,
    rules: {
      expression: "A choice between two of one type, or:",
      either: "At least one is true.",
      both: "Both are true.",
      negation: "`not` turns round what follows, a comparison included.",
      comparison:
        "`==` and `!=` compare any two of one type, the others numbers. `matches` looks for a pattern in a text.",
      sum: "Of numbers.",
      product: "Of numbers. `/` may give a fraction. `mod` has the sign of its right side: `(-1) mod 2` is 1.",
      signed: "A number below zero.",
      operand: "A number, a text, a feature, a function, or an expression in brackets.",
      operandWords: "The name of a feature of the task or the file.",
      count:
        "How many tokens are a text or hold a pattern; of those after one position and before another, both left out.",
      lookup:
        "The text of the token at a position, the index of a position, a feature by its name in quotes, the number of tokens.",
      call: "The size of a number; the smaller or larger of two.",
      pattern: `A token's whole text, or a pattern that is found anywhere in it. Patterns have letters, \`.\`, classes \`[a-z]\` and \`[^a-z]\`,
groups, \`|\`, \`* + ?\` and \`{m,n}\` up to 100, \`^\` and \`$\` for the text's ends, and the escapes \`\\d \\w \\s\` (and \`\\D \\W \\S\`),
\`\\n \\t \\r\` and \`\\\` before a sign. They are matched in one pass over the text, whatever they are; looking around and
back references, which cannot be, are not part of them.`,
      stretch: "Only tokens after one position and before another. Both are left out.",
    },
  },
  {
    title: "Names",
    text: `\`quote type\`, \`quote_type\` and \`quote-type\` are one name. A name ends at a verb, at \`from to via at by alone when expect\`, at
\`any index\`, \`with norms held\` and \`except through\`, and at the end of the line. One that holds such a word is written
in quotes: \`copies "distance from start" from opener\`.`,
    rules: {
      name: "Of features, positions, tasks, claims.",
      operandName: "The same inside an expression.",
      position:
        "Positions of the task and the file, `first`, `last` (where the answer is read), `all`, or an index from 0.",
      place: "A position inside a definition or an expression; `all` is not one place.",
      number: "`40%` is 0.4.",
    },
  },
];
