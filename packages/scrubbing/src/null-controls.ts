import { disposeModel, InputError, untrainedModel, type Model, type Seed } from "@filigree/core";
import { nonsenseTask, type Task } from "@filigree/tasks";
import type { Competence } from "./competence.ts";
import type { ClaimVerdict } from "./document.ts";
import type { Control } from "./statements/evidence.ts";

/** What tests the claims of a file on a model and a task. */
export interface Tester {
  readonly competence: Competence;
  test(index: number): Promise<ClaimVerdict>;
  dispose(): void;
}

/** How controls are tested. */
export interface NullTesting {
  /** Makes a tester of the same claims. */
  open(model: Model, task: Task): Tester;
  /** Keeps what measuring the competence of a control on a task comes to. */
  competence(name: string, task: Task, measure: () => Promise<Competence>): Promise<Competence>;
}

/** Something that no circuit for the task can be in. */
interface Null {
  readonly name: string;
  readonly task: Task;
  /** Opens it for as long as `use` takes. */
  open<T>(use: (tester: Tester) => Promise<T>): Promise<T>;
}

/**
 * The claims of a file, tested where nothing should be found: on untrained weights with the same zeros, and on the same
 * prompts with answers that mean nothing. Whatever fails the test of competence there makes every positive claim
 * untestable, which is found out once.
 */
export class NullControls {
  readonly #nulls: readonly Null[];
  readonly #testing: NullTesting;

  constructor(model: Model, task: Task, seed: Seed, testing: NullTesting) {
    this.#testing = testing;
    const untrained: Null = {
      name: "untrained weights",
      task,
      async open(use) {
        const weights = untrainedModel(model, seed);
        try {
          return await useOnce(testing.open(weights, task), use);
        } finally {
          disposeModel(weights);
        }
      },
    };
    const answers = nonsenseOf(task, model, seed);
    const nonsense = answers && {
      name: "nonsense answers",
      task: answers,
      open: <T>(use: (tester: Tester) => Promise<T>) => useOnce(testing.open(model, answers), use),
    };
    this.#nulls = nonsense ? [untrained, nonsense] : [untrained];
  }

  /** What a claim comes to on each. */
  async controls(index: number): Promise<Control[]> {
    const found: Control[] = [];
    for (const one of this.#nulls) {
      const competence = await this.#testing.competence(one.name, one.task, () => {
        return one.open(({ competence }) => Promise.resolve(competence));
      });
      const figures = { accuracy: competence.accuracy };
      if (competence.problem !== undefined) found.push({ name: one.name, figures, verdict: "untestable" });
      else {
        const tested = await one.open((tester) => tester.test(index));
        found.push({ name: one.name, figures: tested.figures, verdict: tested.verdict });
      }
    }
    return found;
  }
}

async function useOnce<T>(tester: Tester, use: (tester: Tester) => Promise<T>): Promise<T> {
  try {
    return await use(tester);
  } finally {
    tester.dispose();
  }
}

/** Undefined where there is none: of numbers, or with too few outputs. */
function nonsenseOf(task: Task, model: Model, seed: Seed): Task | undefined {
  const { tokenizer, config } = model;
  const { vocabSize, outSize, blockSize } = config;
  try {
    return nonsenseTask(task, { tokenizer, vocabSize, outSize, blockSize }, seed);
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
