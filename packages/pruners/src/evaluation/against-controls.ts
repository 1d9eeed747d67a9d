import type { CircuitAssessment } from "./assess-circuit.ts";
import type { ControlName, ControlRun } from "./control-runs.ts";

/** Whether a circuit does better than its controls. */
export interface ControlVerdict {
  readonly better: boolean;
  /** The controls that it was compared with. */
  readonly against: readonly ("random" | ControlName)[];
  /** Where it does not: why, a sentence each. */
  readonly because: readonly string[];
}

/** So likely a random circuit may be as good as the circuit. */
const ALPHA = 0.05;

/**
 * A circuit is no better than its controls where random circuits of its size are as good in more than 5 % of cases, or
 * where a control run reaches the target with no more nodes, or with no more edges.
 */
export function compareWithControls(
  { evaluation, random }: Pick<CircuitAssessment, "evaluation" | "random">,
  runs: readonly ControlRun[] = [],
): ControlVerdict {
  const because: string[] = [];
  if (random.p > ALPHA) {
    because.push(`${random.asGood} of ${random.losses.length} random circuits of its size are as good`);
  }
  for (const { control, nodes, edges, reached } of runs) {
    if (!reached || (nodes > evaluation.nodes && edges > evaluation.edges.length)) continue;
    const what = control === "nonsense" ? "the task's nonsense variant" : "a model of untrained weights";
    because.push(`for ${what}, a circuit of ${nodes} nodes and ${edges} edges reaches the target too`);
  }
  const against = ["random", ...runs.map(({ control }) => control)] as const;
  return { better: because.length === 0, against, because };
}
