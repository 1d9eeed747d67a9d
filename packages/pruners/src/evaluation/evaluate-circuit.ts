import { seed as seedOf, type Model, type NodeFileEdge, type Seed } from "@filigree/core";
import { evaluateTask, scoreAnswers, type Split, type Task, type TaskScore } from "@filigree/tasks";
import { circuitEdges } from "../circuit/circuit-edges.ts";
import type { Circuit } from "../circuit/circuit.ts";
import type { AblationKind } from "../contract/pruner.ts";
import { ablationOf } from "../masking/ablation.ts";
import { maskedOutputs } from "../masking/masked-outputs.ts";
import { applyCalibration, fitCalibration, type Calibration } from "./calibrate.ts";

/** Scores on both splits of the task. */
export interface SplitScores {
  readonly dev: TaskScore;
  readonly test: TaskScore;
}

export interface CircuitEvaluation {
  /** Number of nodes. */
  readonly nodes: number;
  /** The nonzero weights between the nodes that belong to the circuit. */
  readonly edges: readonly NodeFileEdge[];
  /** The circuit alone, everything else ablated. */
  readonly uncalibrated: SplitScores;
  /** The same after scale and shift. */
  readonly calibrated: SplitScores;
  /** Fitted on the dev split only. */
  readonly calibration: Calibration;
  /** The whole model. */
  readonly model: SplitScores;
}

/** How a circuit is measured. */
export interface EvaluationSettings {
  /** What everything outside the circuit shows: its mean over the training corpus, where left out. */
  readonly ablation?: AblationKind;
  /** Draws the donors of resample ablation; 0, where left out. */
  readonly seed?: Seed;
}

/**
 * Measures a circuit from nothing but its nodes and edges: what a pruner, or a file, says of itself plays no part.
 *
 * @throws InputError for a node or an edge that the model does not have, a model without means, or a task without one of
 *   the splits
 */
export function evaluateCircuit(
  model: Model,
  task: Task,
  circuit: Circuit,
  { ablation = "mean", seed = seedOf(0) }: EvaluationSettings = {},
): CircuitEvaluation {
  const nodes = [...new Set(circuit.nodes)];
  const whole = {
    dev: evaluateTask(model, task, { split: "dev" }),
    test: evaluateTask(model, task, { split: "test" }),
  };
  const run = (split: Split) => {
    const examples = task.examples.filter((example) => example.split === split);
    const outputs = maskedOutputs(model, { ...circuit, nodes }, examples, ablationOf(ablation, task, split, seed));
    return { examples, outputs };
  };
  const [dev, test] = [run("dev"), run("test")];
  const calibration = fitCalibration(task, dev.examples, dev.outputs, model.config.outSize);
  const calibrated = ({ examples, outputs }: typeof dev) =>
    scoreAnswers(task, examples, applyCalibration(calibration, outputs));
  return {
    nodes: nodes.length,
    edges: edgesOf(model, { ...circuit, nodes }),
    uncalibrated: {
      dev: scoreAnswers(task, dev.examples, dev.outputs),
      test: scoreAnswers(task, test.examples, test.outputs),
    },
    calibrated: { dev: calibrated(dev), test: calibrated(test) },
    calibration,
    model: whole,
  };
}

/** A circuit's edges in forward order, with the model's own weights. */
function edgesOf(model: Model, { nodes, edges }: Circuit): NodeFileEdge[] {
  const all = circuitEdges(model, nodes);
  if (edges === undefined) return all;
  const names = new Set(edges.map(({ from, to }) => `${from} ${to}`));
  return all.filter(({ from, to }) => names.has(`${from} ${to}`));
}
