import {
  disposeModel,
  forward,
  nodeSites,
  normedSite,
  recordSites,
  runModel,
  seed,
  type Activation,
  type Model,
  type NodeMask,
  type NormScales,
  type SiteName,
} from "@filigree/core";
import type { Example } from "@filigree/tasks";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pruneTask, type PrunerContext } from "../../src/index.ts";
import { lossOf, mean, showMean, showZero, type Show } from "../evaluation/naive-ablation.ts";
import { plantedModel, plantedTask } from "../planted-model.ts";
import { gatesOf, lookingPruner } from "../looking-pruner.ts";

const task = plantedTask();
const dev = task.examples.filter(({ split }) => split === "dev");
const models: Partial<Record<"rms" | "layer" | "none", Model>> = {};
beforeAll(async () => {
  models.rms = await plantedModel();
  for (const norm of ["layer", "none"] as const) {
    models[norm] = { ...models.rms, config: { ...models.rms.config, norm, lnBias: false } };
  }
});
afterAll(() => disposeModel(models.rms!));

/** Runs `look` with what a pruner gets. Without RMSNorm the model is not good at the task: that does not matter here. */
async function within(model: Model, look: (ctx: PrunerContext) => void, more: object = {}): Promise<void> {
  await pruneTask(model, task, {
    seed: seed(1),
    pruner: lookingPruner(look),
    target: 0.01,
    modelMayMiss: true,
    ...more,
  });
}

const FROZEN = { norms: "frozen" } as const;
const everyOther = (ctx: PrunerContext) => gatesOf(ctx, (node) => Number(node % 5 !== 2));

/** The right answer's logit minus the other one's: one example, value by value, norms by the sizes of its whole run. */
function heldMargin(model: Model, mask: NodeMask, example: Example, show: Show): number {
  const { config } = model;
  const batch = { ids: Int32Array.from(example.ids), batch: 1, seq: example.ids.length };
  const normed = Array.from({ length: config.nLayer }, (_, i) => [`${i}.resid_in`, `${i}.resid_mid`]).flat();
  const whole = new Map<SiteName, Activation>();
  runModel(model, batch, { edit: recordSites([...normed, "final_resid"] as SiteName[], whole) }).dispose();
  const norms: NormScales = (name) => {
    const { values, tokens } = whole.get(normedSite(name)!)!;
    const scales = Array.from({ length: tokens }, (_, t) => {
      const column = values.filter((_, i) => i % tokens === t);
      const centre = config.norm === "rms" ? 0 : mean([...column]);
      const epsilon = config.norm === "rms" ? 2 ** -23 : 1e-5;
      return 1 / Math.sqrt(mean(Array.from(column, (value) => (value - centre) ** 2)) + epsilon);
    });
    return tf.tensor1d(scales);
  };
  const edit = (site: SiteName, value: tf.Tensor2D) => {
    const gates = nodeSites(config).includes(site) ? mask.get(site) : undefined;
    if (!gates) return value;
    return tf.tensor2d(
      value.arraySync().map((row, c) => (gates[c] === 1 ? row : row.map((_, token) => show(site, c, token)))),
    );
  };
  const logits = tf.tidy(() => forward(config, model.parameters, batch, { edit, norms }).arraySync());
  const foil = task.answers.find((answer) => answer !== example.answer)!;
  return logits[example.answer]![example.position]! - logits[foil]![example.position]!;
}

describe.each(["rms", "layer"] as const)("frozen norms, %s", (norm) => {
  test("a mask's loss is that of the naive pass with the whole run's scales, and not that of live norms", async () => {
    const model = models[norm]!;
    for (const ablation of ["mean", "zero"] as const) {
      const show = ablation === "mean" ? showMean(model) : showZero;
      await within(
        model,
        (ctx) => {
          const mask = everyOther(ctx);
          const naive = lossOf(dev.map((example) => heldMargin(model, mask, example, show)));
          const loss = ctx.loss(mask, undefined, FROZEN);
          expect(loss).toBeCloseTo(naive, 5);
          expect(ctx.gradient(mask, undefined, FROZEN).loss).toBeCloseTo(loss, 5);
          expect(Math.abs(ctx.loss(mask) - loss)).toBeGreaterThan(1e-3);
        },
        { ablation },
      );
    }
  });

  test.each(["mean", "zero", "resample"] as const)(
    "the full mask is the whole model, %s ablation",
    async (ablation) => {
      await within(
        models[norm]!,
        (ctx) => {
          const open = gatesOf(ctx, () => 1);
          const edges = new Float32Array(ctx.graph.edgeCount).fill(1);
          for (const mask of [open, edges]) expect(ctx.loss(mask, undefined, FROZEN)).toBeCloseTo(ctx.loss(open), 5);
        },
        { ablation },
      );
    },
  );

  test.each(["mean", "resample"] as const)(
    "gradients are those of finite differences, %s ablation",
    async (ablation) => {
      const model = models[norm]!;
      // AbsTopK makes the loss jump where the selection changes.
      const smooth: Model = { ...model, config: { ...model.config, afrac: null } };
      const compared: [slope: number, difference: number][] = [];
      await within(
        smooth,
        (ctx) => {
          const random = ctx.random("gates");
          const pairs = [0, 3, 5, 8];
          const gates = gatesOf(ctx, () => 0.3 + 0.6 * random.uniform());
          const { gradient } = ctx.gradient(gates, pairs, FROZEN);
          for (const [site, values] of gates) {
            const place = steepest(gradient.get(site)!);
            const at = (change: number) =>
              ctx.loss(new Map(gates).set(site, moved(values, place, change)), pairs, FROZEN);
            compared.push([gradient.get(site)![place]!, (at(0.02) - at(-0.02)) / 0.04]);
          }
          const weights = Float32Array.from({ length: ctx.graph.edgeCount }, () => 0.3 + 0.6 * random.uniform());
          const slopes = ctx.gradient(weights, pairs, FROZEN).gradient;
          const place = steepest(slopes);
          const at = (change: number) => ctx.loss(moved(weights, place, change), pairs, FROZEN);
          compared.push([slopes[place]!, (at(0.02) - at(-0.02)) / 0.04]);
        },
        { ablation },
      );
      expect(compared).toHaveLength(17);
      expect(Math.max(...compared.map(([slope]) => Math.abs(slope)))).toBeGreaterThan(0.01);
      for (const [slope, difference] of compared)
        expect(Math.abs(slope - difference)).toBeLessThan(2e-4 + 0.02 * Math.abs(slope));
    },
  );
});

test("a model without norms has nothing to freeze", async () => {
  await within(models.none!, (ctx) => {
    const mask = everyOther(ctx);
    expect(ctx.loss(mask, undefined, FROZEN)).toBeCloseTo(ctx.loss(mask), 5);
  });
});

test("the whole model's pass is counted, and no tensor stays", async () => {
  const work = (ctx: PrunerContext) => {
    ctx.loss(everyOther(ctx), [0], FROZEN);
    expect(ctx.budget.used).toBe(4);
    ctx.gradient(everyOther(ctx), [0, 1], FROZEN);
    expect(ctx.budget.used).toBe(20);
    ctx.gradient(new Float32Array(ctx.graph.edgeCount).fill(0.5), [0], FROZEN);
    expect(ctx.budget.used).toBe(28);
  };
  await within(models.rms!, work);
  const before = tf.memory().numTensors;
  await within(models.rms!, work);
  expect(tf.memory().numTensors).toBe(before);
  expect.assertions(7);
});

test("other norms than live and frozen ones are refused", async () => {
  const wrong = { norms: "frosen" } as unknown as typeof FROZEN;
  const refused = within(models.rms!, (ctx) => void ctx.loss(everyOther(ctx), [0], wrong));
  await expect(refused).rejects.toThrow(/asks for "frosen" norms: live or frozen/u);
});

function steepest(slopes: Float32Array): number {
  return slopes.indexOf(slopes.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a)));
}

function moved(values: Float32Array, place: number, change: number): Float32Array {
  return values.map((value, i) => (i === place ? value + change : value));
}
