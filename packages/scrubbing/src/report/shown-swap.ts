import type { Model } from "@filigree/core";
import type { Dataset, DatasetExample } from "../data/dataset.ts";
import type { Answers } from "../engine/answers.ts";
import type { SwapWrite } from "../engine/swaps.ts";
import type { ShownAnswer, ShownPrompt, ShownSwap } from "./details.ts";

/** What a swap did, whatever its kind. Dataset indices. */
export interface LoggedSwap {
  readonly swap: {
    readonly reference: number;
    readonly donor: number;
    /** What was written where; `all` where whole channels were. */
    readonly writes: "all" | readonly SwapWrite[];
  };
  readonly before: Answers;
  readonly after: Answers;
  readonly kl: number;
  /** Whether it wrote what was there. */
  readonly identical: boolean;
}

/** Puts swaps into words: prompts as texts of tokens, answers as texts. */
export class SwapTexts {
  readonly #model: Model;
  readonly #dataset: Dataset;
  /** In a numeric task, the numbers that occur, ascending. */
  readonly #numbers: readonly number[];

  constructor(model: Model, dataset: Dataset) {
    this.#model = model;
    this.#dataset = dataset;
    const answers = dataset.task.numeric ? dataset.examples.map(({ answer }) => answer) : [];
    this.#numbers = [...new Set(answers)].sort((a, b) => a - b);
  }

  /** Whether the model answers something else after the swap: for a number, whether another that occurs is nearest. */
  changesAnswer({ swap, before, after }: LoggedSwap): boolean {
    const example = this.#dataset.examples[swap.reference]!;
    return this.#chosen(example, before) !== this.#chosen(example, after);
  }

  show({ swap, before, after, kl }: LoggedSwap): ShownSwap {
    const { reference, donor, writes } = swap;
    const [x, y] = [this.#dataset.examples[reference]!, this.#dataset.examples[donor]!];
    const places = writes === "all" ? everywhere(x, y) : placesOf(swap, writes);
    return {
      reference: this.#prompt(x, places.to),
      donor: this.#prompt(y, places.from),
      rows: ascending(places.rows),
      before: this.#answer(x, before),
      after: this.#answer(x, after),
      divergence: kl,
    };
  }

  #prompt({ taskIndex, ids, position }: DatasetExample, swapped: Iterable<number>): ShownPrompt {
    return {
      example: taskIndex,
      tokens: ids.map((id) => this.#tokenText(id)),
      swapped: ascending(swapped),
      answerAt: position,
    };
  }

  #answer(example: DatasetExample, answers: Answers): ShownAnswer {
    if (example.answers.length === 0) return { text: String(Number(answers[0]!.toPrecision(4))) };
    const largest = Math.max(...answers);
    const total = answers.reduce((sum, value) => sum + Math.exp(value - largest), 0);
    return { text: this.#outputText(this.#chosen(example, answers)), probability: 1 / total };
  }

  /** The output id of the first of the largest answers; the nearest number that occurs. */
  #chosen({ answers: ids }: DatasetExample, answers: Answers): number {
    if (ids.length > 0) return ids[answers.indexOf(Math.max(...answers))]!;
    const value = answers[0]!;
    return this.#numbers.reduce((best, next) => (Math.abs(next - value) < Math.abs(best - value) ? next : best));
  }

  #tokenText(id: number): string {
    const { tokenizer } = this.#model;
    return tokenizer && id < tokenizer.vocabSize ? tokenizer.token(id) : `#${id}`;
  }

  #outputText(id: number): string {
    const { outSize, vocabSize } = this.#model.config;
    return outSize === vocabSize ? this.#tokenText(id) : `#${id}`;
  }
}

interface Places {
  readonly to: Set<number>;
  readonly from: Set<number>;
  readonly rows: Set<number>;
}

function everywhere(x: DatasetExample, y: DatasetExample): Places {
  return { to: new Set(x.ids.keys()), from: new Set(y.ids.keys()), rows: new Set() };
}

/** Values of the reference itself hold a part as it was: they are not what is swapped. */
function placesOf({ reference, donor }: LoggedSwap["swap"], writes: readonly SwapWrite[]): Places {
  const places: Places = { to: new Set(), from: new Set(), rows: new Set() };
  for (const { position, from, receiver } of writes) {
    if (from !== "value" && from.donor === reference) continue;
    places.to.add(position);
    if (from !== "value" && from.donor === donor) places.from.add(from.position);
    if (receiver !== undefined) places.rows.add(receiver);
  }
  return places;
}

function ascending(values: Iterable<number>): number[] {
  return [...values].sort((a, b) => a - b);
}
