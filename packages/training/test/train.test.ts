import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  disposeModel,
  listParameters,
  loadModel,
  parseModelCard,
  parseSafetensors,
  siteName,
  useBackend,
} from "@filigree/core";
import { parseTrainingConfig, train, type MetricsLine, type TrainingProgress } from "../src/index.ts";
import { tinyConfig, writeSources } from "./tiny-run.ts";

let data: string;
beforeAll(async () => {
  await useBackend("wasm");
  data = writeSources();
});

const freshFolder = () => mkdtempSync(join(tmpdir(), "filigree-run-"));
const files = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString("base64")]));

async function runTiny(
  out: string,
  more: { resume?: boolean; stopAfter?: number; config?: string; onProgress?: (p: TrainingProgress) => void } = {},
) {
  const controller = new AbortController();
  return train(parseTrainingConfig(more.config ?? tinyConfig(), "tiny.json"), {
    out,
    data,
    baseDirectory: "/",
    resume: more.resume,
    command: "filigree train tiny.json",
    codeVersion: "0.0.0",
    signal: controller.signal,
    onProgress(progress) {
      more.onProgress?.(progress);
      if (progress.phase === "training" && progress.step === more.stopAfter) controller.abort();
    },
  });
}

describe("train", () => {
  test("leaves a checkpoint that loads, with means of every site, a card and metrics", async () => {
    const out = freshFolder();
    const outcome = await runTiny(out);
    expect(outcome.status).toBe("finished");
    const model = await loadModel(out);
    expect([...model.means.keys()].sort()).toEqual(
      [
        "embed",
        ..."resid_in attn.act_in attn.q attn.k attn.v attn.y attn.resid_delta resid_mid mlp.act_in mlp.post_act mlp.resid_delta"
          .split(" ")
          .map((kind) => `0.${kind}`),
        "final_resid",
      ].sort(),
    );
    const card = parseModelCard(readFileSync(join(out, "model-card.json"), "utf8"), "card");
    expect(card.losses.heldOut).toBeLessThan(Math.log(300));
    const blocks = listParameters(model.config).filter(({ role }) => role === "block");
    const sizes = blocks.map(({ shape }) => shape[0]! * shape[1]!);
    const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
    expect(card.nonzeros.block).toEqual({ nonzero: sum(sizes.map((size) => Math.round(0.2 * size))), of: sum(sizes) });
    const metrics = readFileSync(join(out, "metrics.jsonl"), "utf8").trim().split("\n");
    const lines = metrics.map((line) => JSON.parse(line) as MetricsLine);
    expect(lines.map(({ step }) => step)).toEqual([8, 10, 16, 20, 24]);
    expect(lines.filter(({ heldOut }) => heldOut !== undefined).map(({ step }) => step)).toEqual([8, 16, 24]);
    disposeModel(model);
  });

  test("learns: the loss falls below that of the bigram table alone", async () => {
    const losses: number[] = [];
    const config = tinyConfig({ steps: 150, sparsifier: { name: "dense" } });
    await runTiny(freshFolder(), {
      config,
      onProgress: (p) => p.phase === "training" && losses.push(p.loss),
    });
    const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
    expect(mean(losses.slice(-20))).toBeLessThan(mean(losses.slice(0, 20)) - 0.2);
  });

  test("trains every kind of model, stores neither waves nor a tied unembedding, and the checkpoint loads", async () => {
    const kinds: Record<string, unknown>[] = [
      { norm: "layer", d_pos_emb: 4, sinusoidal_cat_pos_emb: true, tied_unembed: true },
      { norm: "layer", ln_bias: false, d_pos_emb: 3, residual_activation_type: "relu", bias: false },
      { positions: "added", activation_type: "relu", afrac_loctypes: "resid_post_mlp,attn_q" },
    ];
    for (const kind of kinds) {
      const sizes = { n_layer: 1, n_head: 2, d_head: 4, d_model: 8, d_mlp: 16, afrac: 0.5, sink: true };
      const out = freshFolder();
      const losses: number[] = [];
      await runTiny(out, {
        config: tinyConfig({ model: { ...sizes, ...kind }, steps: 60, sparsifier: { name: "dense" } }),
        onProgress: (progress) => progress.phase === "training" && losses.push(progress.loss),
      });
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      expect(mean(losses.slice(-10))).toBeLessThan(mean(losses.slice(0, 10)) - 0.2);
      const model = await loadModel(out);
      const stored = parseSafetensors(readFileSync(join(out, "model.safetensors")), out).tensors;
      expect(stored.has("transformer.wpe.weight")).toBe(kind["sinusoidal_cat_pos_emb"] !== true);
      expect(stored.has("lm_head.weight")).toBe(kind["tied_unembed"] !== true);
      expect(model.means.get(siteName("0.attn.act_in"))!.length).toBe(8 + Number(kind["d_pos_emb"] ?? 0));
      disposeModel(model);
    }
  });

  test.each([1, 5, 13])(
    "interrupted after step %i and resumed, gives the bytes of a straight run",
    async (stopAfter) => {
      const [straight, resumed] = [freshFolder(), freshFolder()];
      await runTiny(straight);
      expect(await runTiny(resumed, { stopAfter })).toEqual({ status: "interrupted", step: stopAfter });
      expect(existsSync(join(resumed, "model.safetensors"))).toBe(false);
      expect((await runTiny(resumed, { resume: true })).status).toBe("finished");
      expect(files(resumed)).toEqual(files(straight));
    },
  );

  test("does not overwrite a run that is under way, nor go on with another configuration", async () => {
    const out = freshFolder();
    await runTiny(out, { stopAfter: 3 });
    await expect(runTiny(out)).rejects.toThrow(/--resume/);
    await expect(runTiny(out, { resume: true, config: tinyConfig({ seed: 8 }) })).rejects.toThrow(
      /another configuration/,
    );
  });

  test("starts from an earlier checkpoint, with its tokenizer, and refuses one of another model", async () => {
    const [first, second] = [freshFolder(), freshFolder()];
    await runTiny(first);
    const losses: number[] = [];
    const onProgress = (p: TrainingProgress) => p.phase === "training" && losses.push(p.loss);
    const sparse = { name: "top-k", options: { block: 0.2, embedding: 0.5, annealUntil: 0.01 } };
    await runTiny(second, { config: tinyConfig({ start: first, steps: 2, sparsifier: sparse }), onProgress });
    const { losses: trained } = parseModelCard(readFileSync(join(first, "model-card.json"), "utf8"), "card");
    expect(Math.abs(losses[0]! - trained.train)).toBeLessThan(0.5);
    expect(readFileSync(join(second, "tokenizer.json"))).toEqual(readFileSync(join(first, "tokenizer.json")));
    await expect(runTiny(freshFolder(), { config: tinyConfig({ start: first, context: 11 }) })).rejects.toThrow(
      /another model/,
    );
    const nowhere = tinyConfig({ start: join(first, "nowhere") });
    await expect(runTiny(freshFolder(), { config: nowhere })).rejects.toThrow(/`start` names a checkpoint/);
  });

  test("stops where it is told to, at the state that a longer run passes through", async () => {
    const [short, long] = [freshFolder(), freshFolder()];
    await runTiny(short, { config: tinyConfig({ stopAfter: 10 }) });
    await runTiny(long, { stopAfter: 10 });
    const weights = (folder: string) => {
      const { tensors } = parseSafetensors(readFileSync(join(folder, "training-state.safetensors")), folder);
      return [...tensors].map(([name, { bytes }]) => [name, Buffer.from(bytes).toString("base64")]);
    };
    expect(weights(short)).toEqual(weights(long));
    expect(existsSync(join(short, "model.safetensors"))).toBe(true);
    expect(() => parseTrainingConfig(tinyConfig({ stopAfter: 25 }), "tiny.json")).toThrow(/a step from 1 to 24/);
  });

  test("keeps no tensors", async () => {
    await runTiny(freshFolder());
    const before = tf.memory().numTensors;
    await runTiny(freshFolder());
    expect(tf.memory().numTensors).toBe(before);
  });

  test("needs data that is there and long enough", async () => {
    const config = parseTrainingConfig(tinyConfig(), "tiny.json");
    const options = { out: freshFolder(), baseDirectory: ".", command: "", codeVersion: "" };
    await expect(train(config, options)).rejects.toThrow(/--data FOLDER/);
    await expect(train(config, { ...options, data: join(data, "nowhere") })).rejects.toThrow(/not a folder/);
    const long = parseTrainingConfig(tinyConfig({ context: 100_000 }), "tiny.json");
    await expect(train(long, { ...options, data })).rejects.toThrow(/one sequence and its last target/);
    expect(readdirSync(options.out)).toEqual([]);
  });
});
