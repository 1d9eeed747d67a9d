import type { Example, Task } from "@filigree/tasks";
import type { Planting } from "./planting.ts";

// What a token shows is 3 in a channel of the circuit, where others show about 1; after the norm that is 2.5 to 2.8.
// Weights are such that each node is needed: with any of them at its mean, the answers can hardly be told apart.

/** Tokens: 0 to 9 fill, 10 and 11 are the answers, 12 to 14 have to do with the question. */
const FILLERS = 10;
const ANSWERS = [10, 11] as const;
const [OPENER_PLUS, OPENER_MINUS, END] = [12, 13, 14];
const [BOTH, FIRST_ONLY, SECOND_ONLY] = [12, 13, 14];

export const VOCABULARY_SIZE = 15;

const SHOWN = 3;

/** What the last token says of the answer by itself, where a neuron has to speak against it. */
const DEFAULT_ANSWER = -2;

/** The prompts of a contrast pair, the first answer's first, and where the question is decided. */
export interface ContrastPrompts {
  readonly prompts: readonly [readonly number[], readonly number[]];
  readonly anchor: number;
}

/** A way to solve a task: what is planted, and prompts that ask for it. */
export interface CircuitShape {
  readonly about: string;
  plant(planting: Planting): void;
  /** @param fill so many filling tokens */
  prompts(pair: number, fill: (least: number, most: number) => number[]): ContrastPrompts;
}

/** The prompts of the shapes in which attention looks back from the end to an opener of one of two types. */
function openerPrompts(_: number, fill: (least: number, most: number) => number[]): ContrastPrompts {
  const [before, body] = [fill(1, 3), fill(4, 9)];
  const prompt = (opener: number) => [...before, opener, ...body, END];
  return { prompts: [prompt(OPENER_PLUS), prompt(OPENER_MINUS)], anchor: before.length };
}

/** One head that looks from the end to the opener and moves its type to a channel, ± about 3. */
function plantHead(planting: Planting, layer: number, target: number): void {
  const { random, config } = planting;
  const [type, opener, end] = [planting.takeChannel(), planting.takeChannel(), planting.takeChannel()];
  for (const [token, sign] of [
    [OPENER_PLUS, 1],
    [OPENER_MINUS, -1],
  ] as const) {
    planting.show(token, type, sign * SHOWN);
    planting.show(token, opener, SHOWN);
  }
  planting.show(END, end, SHOWN);
  const head = random.integer(config.nHead) * config.dHead;
  // A query meets the key of its own channel only.
  const match = head + random.integer(config.dHead);
  const value = head + random.integer(config.dHead);
  planting.connect(layer, end, ["attn.q", match], 1.3);
  planting.connect(layer, opener, ["attn.k", match], 1.3);
  planting.connect(layer, type, ["attn.v", value], 1);
  planting.connect(layer, value, ["attn.resid_delta", target], 1.6);
}

/** A neuron's row of weights, and what it adds to the answer when it is active. */
function plantNeuron(planting: Planting, layer: number, reads: readonly number[], weight: number, bias: number): void {
  const neuron = planting.random.integer(planting.config.dMlp);
  const answer = planting.takeChannel();
  for (const channel of reads) planting.connect(layer, channel, ["mlp.post_act", neuron], weight);
  planting.bias(layer, neuron, bias);
  planting.connect(layer, neuron, ["mlp.resid_delta", answer], 1.2);
  for (const token of [BOTH, FIRST_ONLY, SECOND_ONLY]) planting.show(token, answer, DEFAULT_ANSWER);
  planting.answer(ANSWERS, answer, 1.5);
}

const copy: CircuitShape = {
  about: "an attention head copies the type of the opener to the end",
  plant(planting) {
    const answer = planting.takeChannel();
    plantHead(planting, planting.random.integer(planting.config.nLayer), answer);
    planting.answer(ANSWERS, answer, 0.6);
  },
  prompts: openerPrompts,
};

const neuron: CircuitShape = {
  about: "an MLP neuron fires where the last token has both of two properties",
  plant(planting) {
    const [first, second] = [planting.takeChannel(), planting.takeChannel()];
    for (const [token, one, two] of [
      [BOTH, 1, 1],
      [FIRST_ONLY, 1, -1],
      [SECOND_ONLY, -1, 1],
    ] as const) {
      planting.show(token, first, one * SHOWN);
      planting.show(token, second, two * SHOWN);
    }
    plantNeuron(planting, planting.random.integer(planting.config.nLayer), [first, second], 1, -1.2);
  },
  prompts(pair, fill) {
    const before = fill(3, 9);
    const other = pair % 2 === 0 ? FIRST_ONLY : SECOND_ONLY;
    return {
      prompts: [
        [...before, BOTH],
        [...before, other],
      ],
      anchor: before.length,
    };
  },
};

const chain: CircuitShape = {
  about: "an attention head moves the type of the opener to the end, and a neuron there turns it into the answer",
  plant(planting) {
    const { random, config } = planting;
    const moved = planting.takeChannel();
    const layer = random.integer(config.nLayer);
    plantHead(planting, layer, moved);
    plantNeuron(planting, layer + random.integer(config.nLayer - layer), [moved], 1.6, -0.5);
  },
  prompts: openerPrompts,
};

export const CIRCUIT_SHAPES = { copy, neuron, chain } as const;

/** The name of a shape. */
export type CircuitShapeName = keyof typeof CIRCUIT_SHAPES;

/** A number of contrast pairs for each split. */
export interface SplitSizes {
  readonly dev: number;
  readonly test: number;
}

/** The examples of a task that a shape solves. */
export function shapeExamples(
  shape: CircuitShape,
  { dev, test }: SplitSizes,
  integer: (below: number) => number,
): Example[] {
  const fill = (least: number, most: number) =>
    Array.from({ length: least + integer(most - least + 1) }, () => integer(FILLERS));
  return Array.from({ length: dev + test }, (_, pair) => {
    const { prompts, anchor } = shape.prompts(pair, fill);
    return prompts.map((ids, side): Example => {
      return {
        ids,
        answer: ANSWERS[side]!,
        foil: ANSWERS[1 - side]!,
        position: ids.length - 1,
        features: { type: side === 0 },
        positions: { opener: anchor, last: ids.length - 1 },
        pair: 2 * pair + 1 - side,
        template: `t${pair}`,
        split: pair < dev ? "dev" : "test",
      };
    });
  }).flat();
}

/** What all tasks of planted models have in common. */
export const SHAPE_TASK: Omit<Task, "name" | "examples" | "hash"> = {
  answers: ANSWERS,
  numeric: false,
  features: [{ name: "type", nuisance: false, anchor: "opener" }],
  positionNames: ["opener", "last"],
};
