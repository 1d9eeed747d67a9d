import { answerSet, type Example, type Task } from "@filigree/tasks";

/** What each example gives, in the order of the examples. */
export interface ExampleFigures {
  /** Loss in nats, or the squared error of a numeric task; its mean is the task loss. */
  readonly loss: Float64Array;
  /**
   * The right answer's logit minus that of the wrong one, in nats. Of several wrong answers the logarithm of their summed
   * exponentials counts, so that the loss is always ln(1 + exp(−margin)). A numeric task has none.
   */
  readonly margin: Float64Array | undefined;
}

/** @param outputs [examples][outSize]: logits at the answer positions */
export function exampleFigures(
  task: Task,
  examples: readonly Example[],
  outputs: readonly Float32Array[],
): ExampleFigures {
  if (task.numeric) {
    const loss = Float64Array.from(examples, ({ answer }, i) => (outputs[i]![0]! - answer) ** 2);
    return { loss, margin: undefined };
  }
  const margin = Float64Array.from(examples, (example, i) => {
    const [own, ...others] = answerSet(task, example).map((id) => outputs[i]![id]!);
    return own! - logSumExp(others);
  });
  return { loss: margin.map(softplusOfNegative), margin };
}

/** ln(1 + exp(−x)) without overflow. */
function softplusOfNegative(x: number): number {
  return Math.max(0, -x) + Math.log1p(Math.exp(-Math.abs(x)));
}

function logSumExp(values: readonly number[]): number {
  const largest = Math.max(...values);
  return largest + Math.log(values.reduce((sum, value) => sum + Math.exp(value - largest), 0));
}
