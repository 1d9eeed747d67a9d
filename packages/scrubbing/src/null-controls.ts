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

/** Something that no circuit for the task can be in. */
interface Null {
  readonly name: string;
  /** Opens it for as long as `use` takes. Undefined where the task has no such variant. */
  open<T>(use: (tester: Tester) => Promise<T>): Promise<T | undefined>;
}

/**
 * The claims of a file, tested where nothing should be found: on untrained weights with the same zeros, and on the same
 * prompts with answers that mean nothing. Whatever fails the test of competence there makes every positive claim
 * untestable, which is found out once.
 */
export class NullControls {
  readonly #nulls: readonly Null[];
  readonly #competence = new Map<Null, Promise<Competence | undefined>>();

  /** @param open makes a tester of the same claims */
  constructor(model: Model, task: Task, seed: Seed, open: (model: Model, task: Task) => Tester) {
    this.#nulls = [
      {
        name: "untrained weights",
        async open(use) {
          const untrained = untrainedModel(model, seed);
          try {
            return await useOnce(open(untrained, task), use);
          } finally {
            disposeModel(untrained);
          }
        },
      },
      {
        name: "nonsense answers",
        async open(use) {
          const nonsense = nonsenseOf(task, model, seed);
          return nonsense && useOnce(open(model, nonsense), use);
        },
      },
    ];
  }

  /** What a claim comes to on each. */
  async controls(index: number): Promise<Control[]> {
    const found: Control[] = [];
    for (const one of this.#nulls) {
      let known = this.#competence.get(one);
      if (!known) {
        known = one.open(async ({ competence }) => competence);
        this.#competence.set(one, known);
      }
      const competence = await known;
      if (!competence) continue;
      const figures = { accuracy: competence.accuracy };
      if (competence.problem !== undefined) found.push({ name: one.name, figures, verdict: "untestable" });
      else {
        const tested = await one.open((tester) => tester.test(index));
        if (tested) found.push({ name: one.name, figures: tested.figures, verdict: tested.verdict });
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
