import assert from "node:assert/strict";
import { checkOptions, disposeModel, InputError, useBackend } from "@filigree/core";
import { checkPruner, type Pruner } from "@filigree/pruners";
import { evaluateTask } from "@filigree/tasks";
import * as tf from "@tensorflow/tfjs-core";
import { COMPILED_PROGRAMS, compiledProgram } from "./compiled-programs.ts";
import { outcomeAuc, type PlantedAuc } from "./planted-auc.ts";
import type { CircuitShapeName } from "./planted/circuit-shapes.ts";
import type { PlantedModel } from "./planted/planted-model.ts";
import { bestRandomLoss } from "./random-circuits.ts";
import { interrupt, prune, withPlanted, type Outcome, type Run } from "./runs.ts";

/** What is expected of a pruner beyond the contract. */
export interface PrunerExpectations {
  /** Its options, as a person gives them. */
  readonly options?: unknown;
  /** Options that it must refuse. */
  readonly refuses?: readonly unknown[];
  /**
   * Work, in sequences run forward, with which it must still end with a circuit. Half of what it does without a limit,
   * where left out.
   */
  readonly budget?: number;
  /** How well it must tell planted edges from decoys, as the area under the ROC curve: 0.9, where left out. */
  readonly auc?: number;
  /** How many times as many nodes as were planted it may keep, at most: 3, where left out. */
  readonly excess?: number;
  /** A control chooses by chance: nothing is expected of the circuits that it ends with, but that they do the task. */
  readonly control?: true;
}

/** One thing that a pruner should do. `run` rejects where it does not. */
export interface PrunerCase {
  readonly name: string;
  run(): Promise<void>;
}

/** The planted model of most cases, and the others in which circuits are to be found. */
const [SEED, SHAPE] = [0, "copy"] as const;
const OTHERS = new Map<number, CircuitShapeName>([
  [1, "neuron"],
  [8, "chain"],
]);

/** Compiled answers are never sharper than one logit: the target is the program's own loss and this, in nats. */
const COMPILED_MARGIN = 0.02;

/** Characters of stored state that each node and edge of the model may take. */
const STATE_SIZE = 16;

/** A run that is neither interrupted nor limited. */
interface StraightRun extends Outcome {
  /** How many tensors there were after each step. */
  readonly tensors: readonly number[];
  /** How many there still were when the model was gone. */
  readonly leftOver: number;
}

async function runStraight(run: Pick<Run, "pruner" | "options">): Promise<StraightRun> {
  await useBackend("wasm");
  const tensors: number[] = [];
  const before = tf.memory().numTensors;
  const outcome = await withPlanted(SEED, SHAPE, ({ model, task }) =>
    prune(model, task, { ...run, onStep: () => tensors.push(tf.memory().numTensors) }),
  );
  return { ...outcome, tensors, leftOver: tf.memory().numTensors - before };
}

/** What every pruner should pass. Each case stands alone, and prunes real, tiny models. */
export function prunerCases(
  pruner: Pruner,
  { options = {}, refuses = [], budget, auc = 0.9, excess = 3, control }: PrunerExpectations = {},
): readonly PrunerCase[] {
  const run = { pruner, options };
  const inPlanted = (work: (planted: PlantedModel) => Promise<void>) => () => withPlanted(SEED, SHAPE, work);
  let done: Promise<StraightRun> | undefined;
  const straightRun = () => (done ??= runStraight(run));
  const cases: PrunerCase[] = [
    {
      name: "fulfils the contract",
      async run() {
        checkPruner(pruner, pruner.name);
        assert(Object.isFrozen(pruner), "it is not frozen: make it with definePruner");
      },
    },
    {
      name: "takes its options and refuses others",
      async run() {
        await checkOptions(pruner.options, options, pruner.name);
        for (const wrong of [{ "no such option": 1 }, ...refuses]) {
          await assert.rejects(
            checkOptions(pruner.options, wrong, pruner.name),
            InputError,
            `it takes the options ${JSON.stringify(wrong)}`,
          );
        }
      },
    },
    {
      name: "ends with a circuit that does the task, under every ablation",
      run: inPlanted(async ({ model, task }) => {
        const outcomes = {
          mean: await straightRun(),
          zero: await prune(model, task, { ...run, ablation: "zero" }),
          resample: await prune(model, task, { ...run, ablation: "resample" }),
        };
        for (const [ablation, { reached, evaluation }] of Object.entries(outcomes)) {
          assert(evaluation.nodes > 0, "its circuit is empty");
          assert(reached, `under ${ablation} ablation its circuit misses the target`);
        }
      }),
    },
    {
      name: "finds the same circuit again, whatever ran in between",
      run: inPlanted(async ({ model, task }) => {
        const first = await straightRun();
        await interrupt(model, task, { ...run, seed: 2 }, 3);
        const again = await prune(model, task, run);
        assert.equal(again.text, first.text, "two runs of one seed differ");
        assert.equal(again.used, first.used, "two runs of one seed do not do the same work");
      }),
    },
    {
      name: "goes on from a stored state to the circuit of a straight run",
      run: inPlanted(async ({ model, task }) => {
        const straight = await straightRun();
        const steps = straight.checkpoints.length;
        for (const after of new Set([1, Math.ceil((2 / 3) * steps)])) {
          const stored = await interrupt(model, task, run, after);
          // Whatever the pruner keeps outside its state is now another run's.
          await interrupt(model, task, { ...run, seed: 2 }, after + 1);
          const resumed = await prune(model, task, { ...run, resume: stored });
          const where = `after an interruption at step ${after}: state must be all that it remembers`;
          assert.equal(resumed.text, straight.text, `the circuit differs ${where}`);
          const states = [stored, ...resumed.checkpoints];
          assert.deepEqual(states, straight.checkpoints.slice(after - 1), `states differ ${where}`);
        }
      }),
    },
    {
      name: "keeps its state as plain data, and old states as they were",
      async run() {
        for (const { state, text } of (await straightRun()).states) {
          assert.equal(JSON.stringify(state), text, "a step changes the state that it was given");
          assert.deepEqual(JSON.parse(text), state, "a state is not what JSON makes of it");
        }
      },
    },
    {
      name: "keeps its budget",
      run: inPlanted(async ({ model, task }) => {
        const allowed = budget ?? Math.floor((await straightRun()).used / 2);
        const { used, evaluation } = await prune(model, task, { ...run, budget: allowed });
        assert(used <= allowed, `it used ${used} sequences of ${allowed}`);
        assert(evaluation.nodes > 0, "its circuit is empty");
      }),
    },
    {
      name: "keeps no memory from step to step",
      async run() {
        const { tensors, leftOver, states, graph } = await straightRun();
        assert.equal(leftOver, 0, "tensors are left over");
        const half = Math.ceil(tensors.length / 2);
        const [early, late] = [tensors.slice(0, half), tensors.slice(half)];
        assert(Math.max(0, ...late) <= Math.max(...early), "there are more and more tensors");
        const sizes = states.slice(half).map(({ text }) => text.length);
        const grows = sizes.length > 3 && sizes.every((size, i) => i === 0 || size > sizes[i - 1]!);
        const most = STATE_SIZE * (graph!.nodeCount + graph!.edgeCount);
        assert(!grows || sizes.at(-1)! <= most, `the state grows with every step, to ${sizes.at(-1)} characters`);
      },
    },
  ];
  if (control) return cases;
  return [
    ...cases,
    {
      name: "does better than random circuits of the same size",
      run: inPlanted(async ({ model, task }) => {
        const { nodeFile, evaluation, graph } = await straightRun();
        const { loss } = evaluation.uncalibrated.test;
        const random = bestRandomLoss(model, task, graph!, nodeFile);
        assert(loss < random, `its loss is ${loss} nats, and that of a random circuit of the same size ${random}`);
      }),
    },
    {
      name: "finds planted circuits",
      async run() {
        const found: PlantedAuc[] = [];
        const add = (planted: PlantedModel, outcome: Outcome) => {
          assert(outcome.reached, `its circuit misses the target where ${planted.about}`);
          found.push(outcomeAuc(planted, outcome));
        };
        await withPlanted(SEED, SHAPE, async (planted) => add(planted, await straightRun()));
        for (const [seed, shape] of OTHERS) {
          await withPlanted(seed, shape, async (planted) => {
            add(planted, await prune(planted.model, planted.task, run));
          });
        }
        const area = mean(found.map(({ edges }) => edges));
        const more = mean(found.map(({ excess }) => excess));
        assert(area >= auc, `the area under its ROC curve over edges is ${area}, ${auc} expected`);
        assert(more <= excess, `it keeps ${more} times as many nodes as were planted, ${excess} may be`);
      },
    },
    {
      name: "finds what compiled programs need",
      async run() {
        for (const name of COMPILED_PROGRAMS) {
          const { model, task } = await compiledProgram(name);
          try {
            const target = evaluateTask(model, task, { split: "dev" }).loss + COMPILED_MARGIN;
            const { reached, evaluation } = await prune(model, task, { ...run, target });
            assert(reached, `its circuit of ${task.name} misses the target`);
            const { accuracy } = evaluation.uncalibrated.test;
            assert.equal(accuracy, 1, `its circuit of ${task.name} answers ${accuracy} of the test split rightly`);
          } finally {
            disposeModel(model);
          }
        }
      },
    },
  ];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
