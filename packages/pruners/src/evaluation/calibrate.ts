import { answerSet, type Example, type Task } from "@filigree/tasks";

/** Calibrated logits are `scale · logits + shift`; a list has one shift per output. */
export interface Calibration {
  readonly scale: number;
  readonly shift: number | readonly number[];
}

/** As many steps as the paper's L-BFGS takes. Newton's method is done long before. */
const STEPS = 16;

/** Pull towards scale 1 and shift 0, per nat. Without it a circuit that makes no mistake has no best scale. */
const RIDGE = 1e-4;

/**
 * The scale and shift of the answers' logits with the least mean task loss (Gao et al. 2025, A.5), in double precision.
 * A shift common to all answers changes no choice, so the shifts of a choice sum to 0.
 *
 * @param outputs [examples][outSize]: logits at the answer positions
 */
export function fitCalibration(
  task: Task,
  examples: readonly Example[],
  outputs: readonly Float32Array[],
  outSize: number,
): Calibration {
  return task.numeric ? fitLine(examples, outputs) : fitChoice(task, examples, outputs, outSize);
}

/** Logits with the calibration applied, [examples][outSize]. */
export function applyCalibration({ scale, shift }: Calibration, outputs: readonly Float32Array[]): Float32Array[] {
  return outputs.map((output) =>
    output.map((logit, id) => scale * logit + (typeof shift === "number" ? shift : shift[id]!)),
  );
}

/** Least squares of the answer on output 0. */
function fitLine(examples: readonly Example[], outputs: readonly Float32Array[]): Calibration {
  const n = examples.length;
  const meanX = outputs.reduce((sum, output) => sum + output[0]!, 0) / n;
  const meanY = examples.reduce((sum, example) => sum + example.answer, 0) / n;
  let [xx, xy] = [0, 0];
  examples.forEach((example, i) => {
    const x = outputs[i]![0]! - meanX;
    xx += x * x;
    xy += x * (example.answer - meanY);
  });
  const scale = xx > 0 ? xy / xx : 1;
  return { scale, shift: meanY - scale * meanX };
}

/** One example as the fit sees it: its answers' places among the parameters, and their logits, the right one first. */
interface Choice {
  readonly shifts: readonly number[];
  readonly logits: readonly number[];
}

function fitChoice(
  task: Task,
  examples: readonly Example[],
  outputs: readonly Float32Array[],
  outSize: number,
): Calibration {
  const sets = examples.map((example) => answerSet(task, example));
  const ids = [...new Set(sets.flat())].sort((a, b) => a - b);
  const place = new Map(ids.map((id, index) => [id, index + 1]));
  const choices = sets.map((set, i) => ({
    shifts: set.map((id) => place.get(id)!),
    logits: set.map((id) => outputs[i]![id]!),
  }));
  // Parameter 0 is the scale, the others are the shifts of `ids`.
  let parameters = [1, ...ids.map(() => 0)];
  let { loss, gradient, hessian } = evaluate(choices, parameters);
  for (let step = 0; step < STEPS; step++) {
    const direction = solve(hessian, gradient);
    let size = 1;
    let next = move(parameters, direction, size);
    let there = evaluate(choices, next);
    while (there.loss > loss && size > 1e-6) {
      size /= 2;
      next = move(parameters, direction, size);
      there = evaluate(choices, next);
    }
    if (there.loss >= loss) break;
    parameters = next;
    ({ loss, gradient, hessian } = there);
  }
  const [scale, ...shifts] = parameters;
  const shift = Array.from({ length: outSize }, () => 0);
  const mean = shifts.reduce((sum, one) => sum + one, 0) / shifts.length;
  ids.forEach((id, index) => (shift[id] = shifts[index]! - mean));
  return { scale: scale!, shift };
}

function move(from: readonly number[], direction: readonly number[], size: number): number[] {
  return from.map((value, i) => value - size * direction[i]!);
}

/** Mean cross-entropy with the ridge, its gradient and its Hessian. */
function evaluate(choices: readonly Choice[], parameters: readonly number[]) {
  const size = parameters.length;
  const gradient = parameters.map((value, i) => 2 * RIDGE * (value - (i === 0 ? 1 : 0)));
  const hessian = parameters.map((_, i) => parameters.map((_, j) => (i === j ? 2 * RIDGE : 0)));
  let loss = parameters.reduce((sum, value, i) => sum + RIDGE * (value - (i === 0 ? 1 : 0)) ** 2, 0);
  for (const { shifts, logits } of choices) {
    const scores = logits.map((logit, a) => parameters[0]! * logit + parameters[shifts[a]!]!);
    const largest = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - largest));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    loss += (largest + Math.log(total) - scores[0]!) / choices.length;
    const mean = new Float64Array(size);
    weights.forEach((weight, a) => {
      const p = weight / total;
      const slope = (p - (a === 0 ? 1 : 0)) / choices.length;
      const features: readonly (readonly [number, number])[] = [
        [0, logits[a]!],
        [shifts[a]!, 1],
      ];
      for (const [i, x] of features) {
        gradient[i]! += slope * x;
        mean[i]! += p * x;
        for (const [j, y] of features) hessian[i]![j]! += (p * x * y) / choices.length;
      }
    });
    const touched = [0, ...new Set(shifts)];
    for (const i of touched) {
      for (const j of touched) hessian[i]![j]! -= (mean[i]! * mean[j]!) / choices.length;
    }
  }
  return { loss, gradient, hessian };
}

/** The solution of a symmetric positive definite system, by Gaussian elimination. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length;
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let k = 0; k < n; k++) {
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  const solution = Array.from({ length: n }, () => 0);
  for (let k = n - 1; k >= 0; k--) {
    let rest = rows[k]![n]!;
    for (let j = k + 1; j < n; j++) rest -= rows[k]![j]! * solution[j]!;
    solution[k] = rest / rows[k]![k]!;
  }
  return solution;
}
