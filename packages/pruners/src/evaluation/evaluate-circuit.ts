import { maskOfNodes, type Model, type NodeFileEdge, type NodeId } from "@filigree/core";
import { evaluateTask, scoreAnswers, type Split, type Task, type TaskScore } from "@filigree/tasks";
import { circuitEdges } from "../circuit/circuit-edges.ts";
import { applyCalibration, fitCalibration, type Calibration } from "./calibrate.ts";
import { maskedOutputs } from "../masking/masked-outputs.ts";

/** Scores on both splits of the task. */
export interface SplitScores {
  readonly dev: TaskScore;
  readonly test: TaskScore;
}

export interface CircuitEvaluation {
  /** Number of nodes. */
  readonly nodes: number;
  /** The nonzero weights between the nodes. */
  readonly edges: readonly NodeFileEdge[];
  /** The circuit alone, everything else at its corpus mean. */
  readonly uncalibrated: SplitScores;
  /** The same after scale and shift. */
  readonly calibrated: SplitScores;
  /** Fitted on the dev split only. */
  readonly calibration: Calibration;
  /** The whole model. */
  readonly model: SplitScores;
}

/**
 * Measures a circuit from nothing but its nodes: what a pruner, or a file, says of itself plays no part.
 *
 * @throws InputError for a node that the model does not have, a model without means, or a task without one of the splits.
 */
export function evaluateCircuit(model: Model, task: Task, nodes: Iterable<NodeId>): CircuitEvaluation {
  const kept = [...new Set(nodes)];
  const mask = maskOfNodes(model.config, kept);
  const whole = {
    dev: evaluateTask(model, task, { split: "dev" }),
    test: evaluateTask(model, task, { split: "test" }),
  };
  const run = (split: Split) => {
    const examples = task.examples.filter((example) => example.split === split);
    return { examples, outputs: maskedOutputs(model, mask, examples) };
  };
  const [dev, test] = [run("dev"), run("test")];
  const calibration = fitCalibration(task, dev.examples, dev.outputs, model.config.outSize);
  const calibrated = ({ examples, outputs }: typeof dev) =>
    scoreAnswers(task, examples, applyCalibration(calibration, outputs));
  return {
    nodes: kept.length,
    edges: circuitEdges(model, kept),
    uncalibrated: {
      dev: scoreAnswers(task, dev.examples, dev.outputs),
      test: scoreAnswers(task, test.examples, test.outputs),
    },
    calibrated: { dev: calibrated(dev), test: calibrated(test) },
    calibration,
    model: whole,
  };
}
