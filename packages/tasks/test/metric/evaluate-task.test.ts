import * as tf from "@tensorflow/tfjs-core";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  disposeModel,
  freezeParameters,
  InputError,
  listParameters,
  randomStream,
  runModel,
  seed,
  useBackend,
  type Model,
  type ModelConfig,
} from "@filigree/core";
import { evaluateTask, loadTask, scoreAnswers, taskLoss, type Task } from "../../src/index.ts";

const config: ModelConfig = {
  nLayer: 2,
  nHead: 2,
  dHead: 4,
  dModel: 8,
  dMlp: 16,
  vocabSize: 12,
  outSize: 12,
  blockSize: 10,
  bias: true,
  norm: "rms",
  lnBias: true,
  causal: true,
  activation: "gelu",
  residualActivation: "identity",
  afrac: null,
  afracLoctypes: [],
  sink: true,
  bigram: false,
  tiedUnembed: false,
  positions: "added",
  dPos: 0,
};

function randomModel(own: ModelConfig): Model {
  const random = randomStream(seed(3), "test model");
  const values = new Map(
    listParameters(own).map(({ name, shape }) => [
      name,
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.normal()),
    ]),
  );
  return { config: own, parameters: freezeParameters(own, values), means: new Map(), tokenizer: undefined, hash: "" };
}

let folder: string;
beforeAll(async () => {
  await useBackend("wasm");
  folder = mkdtempSync(join(tmpdir(), "filigree-metric-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function taskOf(header: Record<string, unknown>, examples: readonly Record<string, unknown>[], outSize = 12): Task {
  const lines = [{ format: "filigree.task/1", ...header }, ...examples].map((line) => JSON.stringify(line));
  writeFileSync(join(folder, "data.jsonl"), lines.join("\n"));
  return loadTask("./data.jsonl", { vocabSize: 12, outSize, baseDirectory: folder, seed: seed(0) });
}

const prompts = (count: number): { ids: number[]; position: number }[] => {
  const random = randomStream(seed(5), "prompts");
  return Array.from({ length: count }, () => {
    const ids = Array.from({ length: 1 + random.integer(9) }, () => random.integer(12));
    return { ids, position: random.integer(ids.length) };
  });
};
const twoWay = (count: number): Task =>
  taskOf(
    { answers: [2, 7] },
    prompts(count).map((prompt, index) => ({ ...prompt, answer: index % 2 ? 2 : 7 })),
  );

describe("scoreAnswers", () => {
  const output = (...logits: number[]): Float32Array => Float32Array.from(logits);

  it("is the softmax over the two answers alone, in nats, and the mean over examples", () => {
    const task = taskOf({ answers: [1, 2] }, [
      { ids: [0], answer: 1 },
      { ids: [1], answer: 2 },
    ]);
    const score = scoreAnswers(task, task.examples, [output(99, 3, 1), output(99, 0, 0)]);
    // -ln(e³/(e³+e¹)) = 0.126928, and ln 2 for the tie, which counts as wrong.
    expect(score.loss).toBeCloseTo((0.126928011 + Math.LN2) / 2, 8);
    expect(score.accuracy).toBe(0.5);
    expect(score.n).toBe(2);
  });

  it("is the softmax over all answers of the task where there are more than two", () => {
    const task = taskOf({ answers: [0, 1, 2] }, [{ ids: [0], answer: 2 }]);
    const score = scoreAnswers(task, task.examples, [output(1, 2, 3, 99)]);
    expect(score.loss).toBeCloseTo(0.40760596, 7);
    expect(score.accuracy).toBe(1);
  });

  it("is the softmax over every output, where the whole vocabulary is asked for", () => {
    const task = taskOf({ answers: [1, 2] }, [
      { ids: [0], answer: 1 },
      { ids: [1], answer: 2 },
    ]);
    const outputs = [output(0, 3, 1), output(4, 0, 2)];
    const score = scoreAnswers(task, task.examples, outputs, "full-vocabulary");
    // -ln(e³/(1+e³+e¹)) and -ln(e²/(e⁴+1+e²)).
    expect(score.loss).toBeCloseTo((0.169846 + 2.142932) / 2, 6);
    expect(score.accuracy).toBe(0.5);
    expect(scoreAnswers(task, task.examples, outputs).accuracy).toBe(1);
  });

  it("does not change when all logits shift, and survives large ones", () => {
    const task = taskOf({ answers: [0, 1] }, [{ ids: [0], answer: 0 }]);
    const number = fc.float({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(number, number, fc.constantFrom(0, 64, -1024, 4096), (own, other, shift) => {
        const { loss } = scoreAnswers(task, task.examples, [output(own + shift, other + shift)]);
        expect(Math.abs(loss - Math.log1p(Math.exp(other - own)))).toBeLessThan(1e-2);
      }),
    );
    expect(scoreAnswers(task, task.examples, [output(-3e4, 3e4)]).loss).toBe(6e4);
  });

  it("is the squared error for numbers; right is nearer to the right number than to another that occurs", () => {
    const task = taskOf(
      { numeric: true },
      [
        { ids: [0], answer: 0 },
        { ids: [1], answer: 1 },
        { ids: [2], answer: 1 },
      ],
      1,
    );
    const score = scoreAnswers(task, task.examples, [output(0.25), output(0.5), output(1.5)]);
    expect(score.loss).toBeCloseTo((0.0625 + 0.25 + 0.25) / 3, 10);
    expect(score.accuracy).toBeCloseTo(2 / 3, 10);
  });
});

describe("evaluateTask", () => {
  it.each([true, false])("gives what one run for each prompt gives (causal: %s)", (causal) => {
    const model = randomModel({ ...config, causal });
    const task = twoWay(150);
    const before = tf.memory().numTensors;
    const score = evaluateTask(model, task, { split: "test" });
    expect(tf.memory().numTensors).toBe(before);

    let loss = 0;
    let right = 0;
    for (const { ids, position, answer, foil } of task.examples) {
      const logits = runModel(model, { ids: Int32Array.from(ids), batch: 1, seq: ids.length });
      const values = logits.arraySync();
      logits.dispose();
      const gap = values[foil!]![position]! - values[answer]![position]!;
      loss += Math.log1p(Math.exp(gap));
      right += gap < 0 ? 1 : 0;
    }
    expect(score.loss).toBeCloseTo(loss / 150, 5);
    expect(score.accuracy).toBe(right / 150);
    expect(score.accuracy).toBeGreaterThan(0);
    expect(score.accuracy).toBeLessThan(1);
    disposeModel(model);
  });

  it("takes the examples of the split that is asked for, and refuses an empty one", () => {
    const model = randomModel(config);
    const task = taskOf({ answers: [2, 7] }, [
      { ids: [1], answer: 2, split: "dev" },
      { ids: [1], answer: 7, split: "dev" },
      { ids: [1], answer: 7, split: "test" },
    ]);
    expect(evaluateTask(model, task, { split: "dev" }).n).toBe(2);
    expect(evaluateTask(model, task, { split: "dev" }).accuracy).toBe(0.5);
    const answers = evaluateTask(model, task, { split: "dev", metric: "answers" });
    expect(answers).toEqual(evaluateTask(model, task, { split: "dev" }));
    const { loss } = evaluateTask(model, task, { split: "dev", metric: "full-vocabulary" });
    expect(loss).toBeGreaterThan(answers.loss);
    expect(() => evaluateTask(model, twoWay(4), { split: "dev" })).toThrow(InputError);
    disposeModel(model);
  });
});

describe("taskLoss", () => {
  const logitsOf = (rows: number, columns: number): tf.Tensor2D => {
    const random = randomStream(seed(9), "logits");
    return tf.tensor2d(
      Float32Array.from({ length: rows * columns }, () => 2 * random.normal()),
      [rows, columns],
    );
  };
  const tasks: [string, Task | (() => Task), number][] = [
    ["two answers", () => twoWay(6), 12],
    [
      "three answers",
      () =>
        taskOf(
          { answers: [0, 3, 5] },
          prompts(6).map((prompt) => ({ ...prompt, answer: 3 })),
        ),
      12,
    ],
    [
      "numbers",
      () =>
        taskOf(
          { numeric: true },
          prompts(6).map((prompt, i) => ({ ...prompt, answer: i / 4 })),
          1,
        ),
      1,
    ],
  ];

  it.each(tasks)("is the loss that scoreAnswers reports, and its gradient is the slope: %s", (_, make, outSize) => {
    const task = typeof make === "function" ? make() : make;
    const logits = logitsOf(outSize, 6);
    const before = tf.memory().numTensors;
    const loss = (values: tf.Tensor2D): number => {
      const columns = values.arraySync();
      const outputs = task.examples.map((_, column) => Float32Array.from(columns, (row) => row[column]!));
      return scoreAnswers(task, task.examples, outputs).loss;
    };
    const { value, grad } = tf.valueAndGrad((x) => taskLoss(x as tf.Tensor2D, task, task.examples))(logits);
    expect(value.dataSync()[0]).toBeCloseTo(loss(logits), 5);
    const slope = (grad as tf.Tensor2D).arraySync();
    for (let row = 0; row < outSize; row++) {
      for (let column = 0; column < 6; column++) {
        const step = tf.buffer([outSize, 6], "float32");
        step.set(0.01, row, column);
        const change = tf.tidy(() => {
          const delta = step.toTensor() as tf.Tensor2D;
          return loss(tf.add(logits, delta)) - loss(tf.sub(logits, delta));
        });
        expect(slope[row]![column]).toBeCloseTo(change / 0.02, 3);
      }
    }
    tf.dispose([value, grad]);
    expect(tf.memory().numTensors).toBe(before);
    logits.dispose();
  });
});
