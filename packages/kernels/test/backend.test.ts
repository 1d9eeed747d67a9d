import * as tf from "@tensorflow/tfjs-core";
import { expect, test } from "vitest";
import { absTopK, currentBackend, linear, SparseMatrix, useBackend } from "../src/index.ts";

const X = [
  [1, -2],
  [3, 0.5],
];

test("a process may switch between backends, and each computes", async () => {
  for (const backend of ["wasm", "cpu", "wasm", "cpu"] as const) {
    await useBackend(backend);
    expect(currentBackend()).toBe(backend);
    expect(tf.getBackend()).toBe(backend);
    const kept = tf.tidy(() => absTopK(tf.tensor2d(X), 1).arraySync());
    expect(kept).toEqual([
      [0, -2],
      [3, 0],
    ]);
  }
});

test("useBackend also undoes a tf.setBackend of somebody else", async () => {
  await useBackend("wasm");
  await tf.setBackend("cpu");
  await useBackend("wasm");
  expect(currentBackend()).toBe("wasm");
});

test("tensors follow when the backend changes; a compressed matrix refuses", async () => {
  await useBackend("wasm");
  const before = tf.memory().numTensors;
  const x = tf.tensor2d(X);
  const matrix = SparseMatrix.fromDense(x);

  await useBackend("cpu");
  expect(tf.tidy(() => absTopK(x, 1).arraySync())).toEqual([
    [0, -2],
    [3, 0],
  ]);
  expect(() => tf.tidy(() => linear(x, matrix))).toThrow(/needs the wasm backend, and "cpu" is in use/);

  await useBackend("wasm");
  expect(tf.tidy(() => linear(x, matrix).arraySync())).toEqual([
    [-5, -3],
    [4.5, -5.75],
  ]);
  x.dispose();
  matrix.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
