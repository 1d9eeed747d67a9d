import * as tf from "@tensorflow/tfjs-core";
import { InputError, listParameters, useBackend } from "@filigree/core";
import {
  defineSparsifier,
  dense,
  SparsifierError,
  topK,
  type DenseSparsifier,
  type Matrix,
  type SparsifierContext,
} from "@filigree/sparsifiers";
import { beforeAll, describe, expect, test } from "vitest";
import { tinyTrainer } from "./tiny-trainer.ts";

beforeAll(() => useBackend("wasm"));

const C_FC = "transformer.h.0.mlp.c_fc.weight";
const plugin = (hooks: Partial<DenseSparsifier>) => defineSparsifier({ ...dense, name: "mine", ...hooks });
const ouch = () => {
  throw new TypeError("ouch");
};

describe("what a hook throws", () => {
  test.each(["init", "rateFactor", "forward", "backward", "step", "density"])(
    "in %s is reported as the plugin's error, with its stack",
    async (hook) => {
      const failing = async () => (await tinyTrainer(plugin({ [hook]: ouch }))).takeStep();
      const error = await failing().catch((reason: unknown) => reason as SparsifierError);
      expect(error).toBeInstanceOf(SparsifierError);
      expect((error as Error).message).toBe(`The sparsifier mine@0.1.0 failed in ${hook}: ouch`);
      expect(((error as Error).cause as Error).stack).toContain("sparsifying.test.ts");
    },
  );

  test.each(["init", "rateFactor", "forward", "backward", "step", "density"])(
    "in %s leaves no tensor behind",
    async (hook) => {
      const before = tf.memory().numTensors;
      const values: DenseSparsifier["finish"] = (_, __, ___, matrix) => matrix.values();
      const late: DenseSparsifier["finish"] = (...given) => (given[3].name === C_FC ? ouch() : values(...given));
      const change = { [hook]: hook === "forward" || hook === "backward" ? late : ouch };
      let run: Awaited<ReturnType<typeof tinyTrainer>> | undefined;
      const failing = async () => {
        run = await tinyTrainer(plugin({ forward: values, ...change }));
        return run.takeStep();
      };
      await expect(failing()).rejects.toThrow(/ouch/u);
      run?.trainer.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  test("in init of one that stores only nonzeros leaves none either", async () => {
    const before = tf.memory().numTensors;
    const failing = defineSparsifier({
      ...dense,
      storage: "nonzeros",
      init: ouch,
      step() {},
    });
    await expect(tinyTrainer(failing)).rejects.toThrow(/failed in init: ouch/u);
    expect(tf.memory().numTensors).toBe(before);
  });

  test("is a state that cannot be stored, before the first step", async () => {
    await expect(tinyTrainer(plugin({ init: () => new Map() }))).rejects.toThrow(/cannot be stored, at ""/u);
    await expect(tinyTrainer(plugin({ init: () => undefined }))).rejects.toThrow(/cannot be stored, at "": undefined/u);
  });

  test("in finish, too", async () => {
    const { trainer } = await tinyTrainer(plugin({ finish: ouch }));
    expect(() => trainer.values()).toThrow(/mine@0.1.0 failed in finish: ouch/u);
  });

  test("is passed on as it is where it blames the input", async () => {
    const init = () => {
      throw new InputError({ what: "no such fraction" });
    };
    await expect(tinyTrainer(plugin({ init }))).rejects.toThrow(InputError);
  });

  test("is said of weights of another size", async () => {
    const { takeStep } = await tinyTrainer(plugin({ forward: () => new Float32Array(3) }));
    expect(takeStep).toThrow(
      /mine@0.1.0 gives in forward for transformer\.wte\.weight no Float32Array of 480 numbers/u,
    );
  });
});

test("a plugin sees every matrix, which way its neurons lie, and the biases", async () => {
  const seen = new Map<string, Matrix["neurons"]>();
  const biases: string[] = [];
  const init: DenseSparsifier["init"] = (ctx) => {
    for (const { name, neurons, rows, cols } of ctx.matrices) {
      seen.set(`${name} ${rows}×${cols}`, neurons);
    }
    for (const { name, rows, cols } of ctx.biases) biases.push(`${name} ${rows}×${cols}`);
    return {};
  };
  await tinyTrainer(plugin({ init }));
  expect([...seen]).toEqual([
    ["transformer.wte.weight 60×8", undefined],
    ["transformer.h.0.attn.c_attn.weight 24×8", "rows"],
    ["transformer.h.0.attn.c_proj.weight 8×8", "columns"],
    [`${C_FC} 16×8`, "rows"],
    ["transformer.h.0.mlp.c_proj.weight 8×16", "columns"],
    ["lm_head.weight 60×8", undefined],
  ]);
  expect(biases).toContain("transformer.h.0.mlp.c_fc.bias 16×1");
  expect(biases).toContain("final_logits_bias 60×1");
});

test("random streams begin again within a step, and differ between steps and names", async () => {
  const draws: number[][] = [];
  const look = (ctx: SparsifierContext) => draws.push([ctx.random("a").uniform(), ctx.random("b").uniform()]);
  const { takeStep } = await tinyTrainer(
    plugin({
      forward: (ctx, _, __, matrix) => (look(ctx), matrix.values()),
      step: (ctx) => void look(ctx),
    }),
  );
  takeStep();
  const first = draws.splice(0);
  takeStep();
  expect(new Set(first.map(String)).size).toBe(1);
  expect(new Set(draws.map(String)).size).toBe(1);
  expect(new Set([...first[0]!, ...draws[0]!]).size).toBe(4);
});

describe("weights that differ from the stored ones", () => {
  const halved: DenseSparsifier["forward"] = (_, __, ___, matrix) => matrix.values().map((value) => value / 2);

  test("are those of the forward pass and of the checkpoint", async () => {
    const before = tf.memory().numTensors;
    const { trainer, takeStep } = await tinyTrainer(plugin({ forward: halved, finish: halved }));
    const stored = trainer.state().weights.get(C_FC)!;
    expect(trainer.values().get(C_FC)).toEqual(stored.map((value) => value / 2));
    const half = await tinyTrainer(
      plugin({
        init({ matrices }) {
          for (const matrix of matrices) matrix.setValues(matrix.values().map((value) => value / 2));
          return {};
        },
      }),
    );
    expect(takeStep().loss).toBe(half.takeStep().loss);
    trainer.dispose();
    half.trainer.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test("have the gradients that `backward` gets", async () => {
    const [index, h] = [10, 2 ** -7];
    const smooth = { model: { afrac: null } };
    const lossAt = async (shift: number) => {
      const forward: DenseSparsifier["forward"] = (_, __, ___, { name, values }) =>
        values().map((value, i) => (name === C_FC && i === index ? value + shift : value));
      return (await tinyTrainer(plugin({ forward }), smooth)).takeStep().loss;
    };
    let gradient = 0;
    const backward: DenseSparsifier["backward"] = (_, __, ___, { name }, values) => {
      if (name === C_FC) gradient = values[index]!;
      return values;
    };
    (await tinyTrainer(plugin({ backward }), smooth)).takeStep();
    expect(Math.abs(gradient)).toBeGreaterThan(1e-6);
    const numeric = ((await lossAt(h)) - (await lossAt(-h))) / (2 * h);
    expect(Math.abs(numeric - gradient)).toBeLessThan(0.02 * Math.abs(gradient) + 1e-5);
  });

  test("move as `backward` says", async () => {
    const { trainer, takeStep } = await tinyTrainer(plugin({ backward: (_, __, ___, ____, g) => g.fill(0) }));
    const before = trainer.values();
    takeStep();
    expect(trainer.values().get(C_FC)).toEqual(before.get(C_FC));
    expect(trainer.values().get("final_logits_bias")).not.toEqual(before.get("final_logits_bias"));
  });
});

test("top-k leaves each neuron its weights, along the axis that is its own, and exactly k in all", async () => {
  const { trainer, takeStep, config } = await tinyTrainer(topK, {
    options: { block: 0.3, annealUntil: 0.5, leastPerNeuron: 2, fractions: { "*.attn.c_proj.*": 0.5 } },
  });
  for (let i = 0; i < 10; i++) takeStep();
  const values = trainer.values();
  for (const { name, role, shape } of listParameters(config)) {
    if (role !== "block") continue;
    const [rows, cols] = shape as [number, number];
    const weights = values.get(name)!;
    const fraction = name.includes("attn.c_proj") ? 0.5 : 0.3;
    expect(weights.filter((w) => w !== 0).length, name).toBe(Math.round(fraction * rows * cols));
    const ofRows = !name.includes("c_proj");
    const counts = Array.from({ length: ofRows ? rows : cols }, () => 0);
    weights.forEach((w, i) => (counts[ofRows ? Math.floor(i / cols) : i % cols]! += w === 0 ? 0 : 1));
    expect(Math.min(...counts), name).toBeGreaterThanOrEqual(2);
  }
});

describe("the optimiser", () => {
  const still = plugin({ backward: (_, __, ___, ____, gradient) => gradient.fill(0) });

  test("decays matrices and tables after the sparsifier, by the rate of the step, and nothing else", async () => {
    const { trainer, takeStep } = await tinyTrainer(still, { optimiser: { weightDecay: 0.5 } });
    const before = trainer.values();
    const { rate } = takeStep();
    const after = trainer.values();
    const ratio = (name: string) => after.get(name)![3]! / before.get(name)![3]!;
    expect(ratio(C_FC)).toBeCloseTo(1 - 0.5 * rate, 6);
    expect(ratio("transformer.wte.weight")).toBeCloseTo(1 - 0.5 * rate, 6);
    expect(Math.abs(ratio("transformer.ln_f.weight") - (1 - 0.5 * rate))).toBeGreaterThan(1e-4);
  });

  test("clips the gradient's root mean square to 1, and leaves smaller gradients alone", async () => {
    const after = async (gradient: string, factor: number) => {
      const { trainer, takeStep } = await tinyTrainer(
        plugin({ backward: (_, __, ___, ____, values) => values.map((value) => factor * value) }),
        { optimiser: { gradient, epsilon: 1, beta1: 0 } },
      );
      const { gradientRms } = takeStep();
      return { gradientRms, moved: trainer.values().get(C_FC)! };
    };
    const [plain, clipped] = [await after("plain", 1), await after("rms-clipped", 1)];
    expect(plain.gradientRms).toBeLessThan(1);
    expect(clipped.moved).toEqual(plain.moved);
    const [large, larger] = [await after("rms-clipped", 1e4), await after("rms-clipped", 1e5)];
    expect(large.gradientRms).toBeGreaterThan(1);
    large.moved.forEach((value, i) => expect(Math.abs(value - larger.moved[i]!)).toBeLessThan(1e-5));
    const whole = await after("plain", 1e5);
    expect(whole.moved).not.toEqual(larger.moved);
  });
});
