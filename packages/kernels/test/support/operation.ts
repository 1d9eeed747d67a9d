import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { useBackend, type BackendName } from "../../src/index.ts";
import { Contents, toPlain, toTensor, type Plain } from "./plain.ts";

/** One operation at one point. */
export interface Differentiated {
  /** The inputs that have gradients. */
  readonly inputs: readonly Plain[];
  /** Makes on the backend what else the operation reads. */
  open(): { run(...inputs: tf.Tensor[]): tf.Tensor; close?(): void };
}

/** Twice: as the package computes it and in double precision. */
export interface Operation extends Differentiated {
  readonly twin: (...inputs: Float64Array[]) => Float64Array;
}

/** Permitted error, absolute and as a share of the largest figure compared. */
export interface Tolerance {
  readonly value: number;
  readonly gradient: number;
}

export const BACKENDS: readonly BackendName[] = ["wasm", "cpu"];

/** A step for central differences in double precision. */
const STEP = 1e-6;

/** Values and gradients of an operation on one backend, as plain arrays. Fails where a tensor is left over. */
export function valueAndGradients(operation: Differentiated, dy: Plain): { value: Plain; gradients: Plain[] } {
  const atStart = tf.memory().numTensors;
  const { run, close } = operation.open();
  const inputs = operation.inputs.map(toTensor);
  const slope = toTensor(dy);
  const differentiate = () => {
    const { value, grads } = tf.valueAndGrads((...given: tf.Tensor[]) => run(...given))(inputs, slope);
    const read = { value: toPlain(value), gradients: grads.map(toPlain) };
    tf.dispose([value, grads]);
    return read;
  };
  differentiate(); // A frozen matrix keeps its transpose from the first time on.
  const opened = tf.memory().numTensors;
  const read = differentiate();
  run(...inputs).dispose();
  expect(tf.memory().numTensors, "tensors left over by the operation").toBe(opened);
  const after = inputs.map((input) => [...toPlain(input).values]);
  expect(after, "inputs after the operation").toEqual(operation.inputs.map(({ values }) => [...values]));
  tf.dispose([inputs, slope]);
  close?.();
  expect(tf.memory().numTensors, "tensors left over at the end").toBe(atStart);
  return read;
}

/**
 * Compares values with the twin and gradients with central differences of the twin, on both backends.
 */
export async function expectOperation(operation: Operation, tolerance: Tolerance): Promise<void> {
  const inputs = operation.inputs.map(({ values }) => Float64Array.from(values));
  const expected = operation.twin(...inputs);
  const slope = new Contents(expected.length).tensor([expected.length], { zeros: 0.1 }).values;
  const slopes = inputs.map((_, which) => centralDifferences(operation.twin, inputs, which, slope));
  for (const backend of BACKENDS) {
    await useBackend(backend);
    const shape = tf.tidy(() => {
      const { run, close } = operation.open();
      const { shape } = run(...operation.inputs.map(toTensor));
      close?.();
      return shape;
    });
    const { value, gradients } = valueAndGradients(operation, { shape, values: slope });
    expectClose(value.values, expected, tolerance.value, `values on ${backend}`);
    for (const [which, gradient] of gradients.entries()) {
      expect(gradient.shape).toEqual(operation.inputs[which]!.shape);
      expectClose(gradient.values, slopes[which]!, tolerance.gradient, `gradient ${which} on ${backend}`);
    }
  }
}

/**
 * Compares values and gradients of the wasm backend with those of the portable one: for shapes that are too large for
 * differences.
 */
export async function expectSameOnBackends(operation: Differentiated, dy: Plain, tolerance: Tolerance): Promise<void> {
  await useBackend("cpu");
  const expected = valueAndGradients(operation, dy);
  await useBackend("wasm");
  const { value, gradients } = valueAndGradients(operation, dy);
  expectClose(value.values, expected.value.values, tolerance.value, "values");
  expect(gradients).toHaveLength(expected.gradients.length);
  for (const [which, { values }] of gradients.entries()) {
    expectClose(values, expected.gradients[which]!.values, tolerance.gradient, `gradient ${which}`);
  }
}

/** d Σ slope · f / d input, element by element. */
function centralDifferences(
  f: Operation["twin"],
  inputs: readonly Float64Array[],
  which: number,
  slope: Float32Array,
): Float64Array {
  const at = (index: number, shift: number) => {
    const moved = inputs.map((input, i) => (i === which ? input.slice() : input));
    moved[which]![index]! += shift;
    return f(...moved).reduce((sum, y, i) => sum + y * slope[i]!, 0);
  };
  return inputs[which]!.map((_, index) => (at(index, STEP) - at(index, -STEP)) / (2 * STEP));
}

/** Every pair differs by at most `tolerance` times the largest magnitude expected, or times 1 where that is less. */
export function expectClose(
  got: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  expect(got.length, what).toBe(expected.length);
  let largest = 1;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    const off = Math.abs(got[i]! - expected[i]!);
    if (!(off <= tolerance * largest)) expect.fail(`${what}: ${got[i]} at ${i}, expected ${expected[i]}`);
  }
}
