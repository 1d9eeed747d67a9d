import { randomStream, type Model, type Seed } from "@filigree/core";
import { scoreAnswers, type Example, type Task } from "@filigree/tasks";
import type { Circuit } from "../circuit/circuit.ts";
import type { WeightGraph } from "../circuit/model-graph.ts";
import type { AblationKind } from "../contract/pruner.ts";
import { ablationOf } from "../masking/ablation.ts";
import { maskedOutputs } from "../masking/masked-outputs.ts";
import { applyCalibration, fitCalibration } from "./calibrate.ts";
import { sameSizeCircuits } from "./random-circuits.ts";

/** A circuit beside random ones of the same size. Each has its own scale and shift, fitted on dev prompts. */
export interface RandomControl {
  /** Loss of the circuit on the test prompts that all are measured on. */
  readonly circuit: number;
  /** Losses of the random circuits on them. */
  readonly losses: readonly number[];
  /** How many of them are as good as the circuit or better. */
  readonly asGood: number;
  /** (1 + asGood) / (1 + circuits): how likely one of their kind does so well. */
  readonly p: number;
  /** Number of test examples. */
  readonly n: number;
}

export interface RandomControlSettings {
  readonly ablation: AblationKind;
  readonly seed: Seed;
  readonly draws: number;
  readonly dev: readonly Example[];
  readonly test: readonly Example[];
  /** Called before each circuit. */
  readonly onDraw?: () => void | Promise<void>;
}

export async function measureRandomControl(
  model: Model,
  graph: WeightGraph,
  task: Task,
  circuit: Circuit,
  { ablation, seed, draws, dev, test, onDraw }: RandomControlSettings,
): Promise<RandomControl> {
  const shown = { dev: ablationOf(ablation, task, "dev", seed), test: ablationOf(ablation, task, "test", seed) };
  const lossOf = (circuit: Circuit): number => {
    const fitted = maskedOutputs(model, circuit, dev, shown.dev);
    const calibration = fitCalibration(task, dev, fitted, model.config.outSize);
    const outputs = maskedOutputs(model, circuit, test, shown.test);
    return scoreAnswers(task, test, applyCalibration(calibration, outputs)).loss;
  };
  const draw = sameSizeCircuits(graph, circuit);
  await onDraw?.();
  const own = lossOf(circuit);
  const losses: number[] = [];
  for (let i = 0; i < draws; i++) {
    await onDraw?.();
    losses.push(lossOf(draw(randomStream(seed, `pruners/evaluation/random-circuit/${i}`))));
  }
  const asGood = losses.filter((loss) => loss <= own).length;
  return { circuit: own, losses, asGood, p: (1 + asGood) / (1 + draws), n: test.length };
}
