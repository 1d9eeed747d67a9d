import type { CircuitAssessment } from "./assess-circuit.ts";
import type { ControlName, ControlRun } from "./control-runs.ts";

/** Whether a circuit does better than its controls. */
export interface ControlVerdict {
  /** Than all of them: never, where a control run did not finish. */
  readonly better: boolean;
  /** The controls that it was compared with. */
  readonly against: readonly ("random" | ControlName)[];
  /** Where one of them does as well: why, a sentence each. */
  readonly because: readonly string[];
  /** The control runs that their budget ended before they had found anything: they prove nothing. */
  readonly unfinished: readonly ControlName[];
}

/** So likely a random circuit may be as good as the circuit. */
const ALPHA = 0.05;

/**
 * A circuit is no better than its controls where random circuits of its size are as good in more than 5 % of cases, or
 * where a control run reaches the target with no more nodes, or with no more edges. A run that does so counts even if its
 * budget ended it; one that does not, and was ended, says nothing, and leaves the circuit not shown to be better.
 */
export function compareWithControls(
  { evaluation, random }: Pick<CircuitAssessment, "evaluation" | "random">,
  runs: readonly ControlRun[] = [],
): ControlVerdict {
  const because: string[] = [];
  if (random.p > ALPHA) {
    because.push(`${random.asGood} of ${random.losses.length} random circuits of its size are as good`);
  }
  const against: ("random" | ControlName)[] = ["random"];
  const unfinished: ControlName[] = [];
  for (const { control, nodes, edges, reached, complete } of runs) {
    const asGood = reached && (nodes <= evaluation.nodes || edges <= evaluation.edges.length);
    if (asGood || complete) against.push(control);
    else unfinished.push(control);
    if (!asGood) continue;
    const what = control === "nonsense" ? "the task's nonsense variant" : "a model of untrained weights";
    because.push(`for ${what}, a circuit of ${nodes} nodes and ${edges} edges reaches the target too`);
  }
  return { better: because.length === 0 && unfinished.length === 0, against, because, unfinished };
}
