/**
 * What the page of diagnostics says of each code: why it is one, and a text that really gives it. Where a text has no
 * model or task, it is read as one about the model and task that the page begins with.
 */
const CLAIM = "attn L0 copies quote type";
const whole = (line, model = '"../models/python-small"', task = "single_double_quote") =>
  `model ${model}\ntask ${task}\n${line}\n`;

export const ERROR_CHAPTERS = [
  {
    title: "Reading",
    codes: {
      syntax: [
        "The line does not follow the grammar. The rest of the file is read all the same.",
        "attn L0 copys quote type\n",
      ],
      "unexpected-character": ["A sign that the language does not have.", "# a remark\n" + CLAIM],
      "unclosed-text": [
        "A text, a node or a pattern ends on the line where it begins.",
        'attn L0 copies "quote type\n',
      ],
      "too-large": [
        "Files may come from strangers, so there are limits that no file a person writes comes near: 50 open brackets, 500 words in an expression, 100 lets that need each other, 10,000 joined sites, 100 imported files.",
        `${CLAIM} when ${"(".repeat(51)}length() > 3\n`,
      ],
    },
  },
  {
    title: "The file as a whole",
    codes: {
      "missing-model": [
        "A file names its model, unless the caller brings one.",
        `task single_double_quote\n${CLAIM}\n`,
      ],
      "missing-task": ["A file names its task.", `model "../models/python-small"\n${CLAIM}\n`],
      "unreadable-model": [
        "There is no checkpoint at that path, or its files are not what they should be.",
        whole(CLAIM, '"no-such-model"'),
      ],
      "unreadable-task": [
        "There is no such task, or its file cannot be read.",
        whole(CLAIM, undefined, "single_double_qote"),
      ],
      "no-claims": ["Nothing could be tested.", "seed 3\n"],
      "repeated-declaration": ["A file has one title, model, task, seed and so on.", `seed 1\nseed 2\n${CLAIM}\n`],
      "repeated-claim-name": [
        "Names tell claims apart in reports.",
        `claim a: ${CLAIM}\nclaim a: embed carries quote type\n`,
      ],
      "misplaced-line": [
        "A rival holds claims and `let`s. What holds for the whole file stands outside.",
        `${CLAIM}\nrival "another way" {\n  seed 3\n}\n`,
      ],
      "wrong-number": [
        "A number is not of the kind that is asked for here, or lies outside its range.",
        `alpha 5\n${CLAIM}\n`,
      ],
      "unknown-split": [
        "Tasks keep some examples for development; all others are for tests.",
        `split train\n${CLAIM}\n`,
      ],
    },
  },
  {
    title: "Names",
    codes: {
      "unknown-name": [
        "Nothing in the file or its imports is called so.",
        "let mover = attn L0\nmovr copies quote type\n",
      ],
      "repeated-name": [
        "A name has one meaning. `a b`, `a_b` and `a-b` are one name.",
        `let mover = attn L0\nlet mover = attn L1\n${CLAIM}\n`,
      ],
      "circular-name": ["A definition that needs itself has no meaning.", `let a = b\nlet b = a\n${CLAIM}\n`],
      "unknown-layer": ["Layers are counted from 0.", "attn L10 copies quote type\n"],
      "unknown-head": ["Heads are counted from 0.", "attn L0 head 16 copies quote type\n"],
      "unknown-channel": [
        "Channels and neurons are counted from 0; those of a head, within the head.",
        "attn L0 head 1.q channel 16 carries quote type\n",
      ],
      "unknown-node": [
        "A node id names a site and a channel, as every tool here prints it.",
        "`0.atn.q.3` carries quote type\n",
      ],
      "unknown-part": [
        "What follows the dot is not a part of what stands before it.",
        "attn L0.neurons carries quote type\n",
      ],
      "unknown-feature": ["Features come from the task or are defined in the file.", "attn L0 copies quot type\n"],
      "unknown-position": [
        "Positions come from the task or are defined in the file; `first`, `last`, `all` and indices always exist.",
        "embed at opner carries quote type\n",
      ],
      "node-file": [
        "The node file cannot be read, or belongs to another model.",
        'nodes from "no.nodes.json" is sufficient\n',
      ],
    },
  },
  {
    title: "Definitions",
    codes: {
      import: [
        "The other file cannot be read. Its path is seen from the importing file.",
        `import "no.circuit"\n${CLAIM}\n`,
      ],
      "circular-import": [
        "Files that import each other. Move what both need to a third file.",
        `import "circle.circuit"\n${CLAIM}\n`,
        '`circle.circuit` holds the line `import "circle.circuit"`.',
      ],
      "unknown-type": [
        "A feature is an `int`, a `bool` or a `text`.",
        `feature depth: integer = count("[")\n${CLAIM}\n`,
      ],
      "wrong-type": [
        "An expression is not of the type that is asked for here. Types are checked before anything is run.",
        `feature deep: bool = count("[")\n${CLAIM}\n`,
      ],
      "wrong-pattern": [
        "The pattern cannot be read, or cannot be matched in one pass over the text. The [reference](reference.md#pattern) lists what patterns have.",
        `position opener token = first token matching /(?<=a)"/\n${CLAIM}\n`,
      ],
      "wrong-position": [
        "`all` is not one place; a feature is shown at a position that has a name; answers are read at `last`.",
        `feature where: int = index(all)\n${CLAIM}\n`,
      ],
    },
  },
  {
    title: "Statements",
    codes: {
      "wrong-sites": ["The statement is not about sites of this kind.", "mlp L0 copies quote type\n"],
      "wrong-channels": [
        "The sites have no channels to name here, or they are named already.",
        "attn L0 neurons 3 carries quote type\n",
      ],
      "repeated-position": ["Sites are at one position.", "{ embed at opener } at last carries quote type\n"],
      "position-in-circuit": [
        "A circuit is made of nodes: channels at all positions.",
        "attn L0 at last is sufficient\n",
      ],
      "empty-circuit": ["Nothing would be kept.", `${CLAIM} expect refuted\ncircuit is sufficient\n`],
      "missing-anchor": [
        "The task does not say where a prompt shows the feature, so `copies` needs `from`.",
        "attn L0 copies string body\n",
      ],
      "wrong-route": ["What a head copies goes by its values.", `${CLAIM} via q\n`],
      "not-upstream": [
        "What an input holds cannot reach the sites that are said to read it, whatever the weights are: it is worked out later, beside them, or at a later token.",
        "attn L0 computes quote type from mlp L0\n",
      ],
      "overlapping-sites": [
        "Each input of `computes` gets its values in its own way, so no site is in two of them.",
        "attn L0 computes quote type from embed, embed at opener\n",
      ],
      "overlapping-claims": [
        "The claims of a file are one graph, in which a site computes one thing. Another story belongs into a rival.",
        "mlp L0 neurons 1-5 computes quote type from embed\nmlp L0 neuron 5 computes string body from embed\n",
      ],
    },
  },
  {
    title: "Expectations",
    codes: {
      "unknown-figure": ["The statement is not decided by this figure.", `${CLAIM} expect trnsfer >= 40%\n`],
      "unknown-expectation": [
        "A claim is expected to be `supported`, `refuted` or `not supported`; a figure needs a bound.",
        `${CLAIM} expect inconclusive\n`,
      ],
      "missing-expectation": [
        "How much attention counts is for the author to say.",
        "attn L1 head 2 attends from last to opener\n",
      ],
      "repeated-expectation": [
        "Each figure has one bound, and a claim one verdict.",
        `${CLAIM} expect r <= 10%, r <= 20%\n`,
      ],
      "wrong-direction": [
        "A figure is good above its bound or below it, not on the side that the author chose.",
        `${CLAIM} expect transfer <= 40%\n`,
      ],
    },
  },
];
