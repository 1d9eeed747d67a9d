import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  disposeModel,
  InputError,
  listParameters,
  loadModel,
  parseModelCard,
  formatSafetensors,
  parseSafetensors,
  siteName,
  toFloat32,
  useBackend,
} from "@filigree/core";
import { defineSparsifier, dense, type Sparsifier } from "@filigree/sparsifiers";
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
  more: {
    resume?: boolean;
    stopAfter?: number;
    config?: string;
    data?: string[];
    sparsifiers?: Sparsifier[];
    onProgress?: (p: TrainingProgress) => void;
  } = {},
) {
  const controller = new AbortController();
  return train(parseTrainingConfig(more.config ?? tinyConfig(), "tiny.json"), {
    out,
    data: more.data ?? [data],
    baseDirectory: "/",
    configFile: "tiny.json",
    resume: more.resume,
    sparsifiers: more.sparsifiers,
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
    const measured = lines.filter(({ heldOut }) => heldOut !== undefined);
    expect(measured.map(({ step }) => step)).toEqual([8, 16, 24]);
    expect(measured.at(-1)!.heldOut).toBe(card.losses.heldOut);
    expect(measured.at(-1)!.nonzeros).toBe(card.nonzeros.block.nonzero);
    for (const { gradientRms, deadNeurons } of measured) {
      expect(gradientRms).toBeGreaterThan(0);
      expect(deadNeurons! * 16).toBe(Math.round(deadNeurons! * 16));
    }
    const page = readFileSync(join(out, "training.html"), "utf8");
    expect(page).toContain(card.losses.heldOut.toFixed(3));
    expect(page).toContain("trained for 24 steps");
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
    const before = files(out);
    const other = tinyConfig({ seed: 8, optimiser: { rate: 0.01, warmup: 4, gradient: "plain" } });
    const lines = [
      "optimiser.epsilon was 0.1, is 1e-7",
      "optimiser.gradient was rms-normalised, is plain",
      "seed was 7, is 8",
    ];
    await expect(runTiny(out, { resume: true, config: other })).rejects.toThrow(
      `training-state.safetensors: this run was begun otherwise:\n    ${lines.join("\n    ")}\n`,
    );
    expect(files(out)).toEqual(before);
  });

  test("does not go on without the metrics that it has written, or with half of them", async () => {
    const out = freshFolder();
    await runTiny(out, { stopAfter: 13 });
    const [path, text] = [join(out, "metrics.jsonl"), readFileSync(join(out, "metrics.jsonl"), "utf8")];
    for (const damage of [() => writeFileSync(path, text.slice(0, -9)), () => rmSync(path)]) {
      damage();
      const resumed = runTiny(out, { resume: true });
      await expect(resumed).rejects.toThrow(InputError);
      await expect(resumed).rejects.toThrow(/metrics\.jsonl: the metrics of the run cannot be read/u);
    }
  });

  test("names the file and the key of options that do not fit the model", async () => {
    const options = { block: 0.2, fractions: { "*.nlp.*": 0.1 } };
    const misfit = runTiny(freshFolder(), { config: tinyConfig({ sparsifier: { name: "top-k", options } }) });
    await expect(misfit).rejects.toThrow(/^tiny\.json: sparsifier\.options: .*no parameter matches "\*\.nlp\.\*"/u);
  });

  test.each<[string, Record<string, string | undefined>, RegExp]>([
    ["no step", { step: undefined }, /the field "step" of the metadata is missing/u],
    ["a step that is no number", { step: "three" }, /step: not JSON/u],
    ["half a step", { step: "1.5" }, /step: 1\.5 found\n {2}expected: a whole number from 0/u],
    ["settings that are cut off", { settings: '{"seed":' }, /settings: not JSON/u],
    ["settings that are none", { settings: "3" }, /settings: the number 3 found\n {2}expected: an object/u],
    ["no state of the sparsifier", { sparsifier: undefined }, /the field "sparsifier" of the metadata is missing/u],
    [
      "an array that is not there",
      { sparsifier: '{"a":{"$float32":"/b"}}' },
      /sparsifier: there is no tensor .*"\/b"/u,
    ],
  ])("does not go on with a state that has %s", async (_, damage, message) => {
    const out = freshFolder();
    await runTiny(out, { stopAfter: 1 });
    const path = join(out, "training-state.safetensors");
    const { tensors, metadata } = parseSafetensors(readFileSync(path), path);
    const entries = Object.entries({ ...metadata, ...damage }).filter(([, text]) => text !== undefined);
    writeFileSync(path, formatSafetensors(tensors, Object.fromEntries(entries) as Record<string, string>));
    const resumed = runTiny(out, { resume: true });
    await expect(resumed).rejects.toThrow(InputError);
    await expect(resumed).rejects.toThrow(message);
    await expect(resumed).rejects.toThrow(/training-state\.safetensors/u);
  });

  test.each([
    ["nothing but null", () => null],
    ["one array", () => Float32Array.of(0.1, -0, NaN)],
  ])("goes on with a sparsifier whose state is %s, and does not begin it again", async (_, init) => {
    const begun: unknown[] = [];
    const seen: unknown[] = [];
    const plugin = defineSparsifier({
      ...dense,
      name: "mine",
      init: () => (begun.push(init()), begun[0]),
      step: (_, __, state) => void seen.push(structuredClone(state)),
    });
    const out = freshFolder();
    const config = tinyConfig({ sparsifier: { name: "mine" } });
    await runTiny(out, { config, stopAfter: 3, sparsifiers: [plugin] });
    await runTiny(out, { config, resume: true, sparsifiers: [plugin] });
    expect(begun).toHaveLength(1);
    expect(seen).toEqual(Array.from({ length: 24 }, init));
  });

  test("does not go on with other data", async () => {
    const out = freshFolder();
    const changing = writeSources();
    await runTiny(out, { stopAfter: 3, data: [changing] });
    appendFileSync(join(changing, "part0/module0.py"), "more = 1\n");
    await expect(runTiny(out, { resume: true, data: [changing] })).rejects.toThrow(
      /begun otherwise:\n {4}data was 60 texts, sha256 [0-9a-f]{12}…, is 60 texts, sha256 [0-9a-f]{12}…\n/u,
    );
  });

  test("goes on to a later end, as a run that was to end there from the first", async () => {
    const [short, long] = [freshFolder(), freshFolder()];
    await runTiny(short, { config: tinyConfig({ stopAfter: 10 }) });
    expect((await runTiny(short, { resume: true })).status).toBe("finished");
    await runTiny(long);
    expect(files(short)).toEqual(files(long));
    const earlier = runTiny(short, { resume: true, config: tinyConfig({ stopAfter: 10 }) });
    await expect(earlier).rejects.toThrow(/at step 24 already, after its end at 10/u);
  });

  test("sweeps away what a write that was cut off left behind", async () => {
    const out = freshFolder();
    await runTiny(out, { stopAfter: 3 });
    writeFileSync(join(out, `metrics.jsonl.${randomUUID()}.tmp`), "half a li");
    writeFileSync(join(out, "mine.tmp"), "");
    await runTiny(out, { resume: true });
    expect(readdirSync(out).filter((name) => name.endsWith(".tmp"))).toEqual(["mine.tmp"]);
  });

  test("leaves out files that are not UTF-8, says which, and counts them in the card", async () => {
    const [out, plain] = [freshFolder(), freshFolder()];
    const mixed = writeSources();
    for (const name of ["latin.py", "part1/more.py"]) writeFileSync(join(mixed, name), Uint8Array.of(0xe9, 0x0a));
    const told: TrainingProgress[] = [];
    const outcome = await runTiny(out, { data: [mixed], onProgress: (progress) => told.push(progress) });
    expect(told).toContainEqual({ phase: "tokenizing", texts: 60, notUtf8: ["latin.py", "part1/more.py"] });
    expect(outcome).toMatchObject({ status: "finished", card: { data: { files: 60, notUtf8: 2 } } });
    await runTiny(plain);
    expect(files(out)["model.safetensors"]).toBe(files(plain)["model.safetensors"]);
  });

  test("trains on several folders, on JSON Lines, and on one file alone, of which it holds the end out", async () => {
    const [lines, alone] = [freshFolder(), freshFolder()];
    const texts = Array.from({ length: 200 }, (_, i) =>
      JSON.stringify({ id: i, body: `value_${i} = open_${i % 7}(name)\n` }),
    );
    writeFileSync(join(lines, "corpus.jsonl"), texts.join("\n"));
    const config = tinyConfig({ steps: 2, data: { files: ["*.jsonl", "**/*.py"], text: "body" } });
    const both = await runTiny(freshFolder(), { config, data: [lines, data] });
    expect(both).toMatchObject({ card: { data: { files: 260, description: "*.jsonl, **/*.py" } } });
    writeFileSync(
      join(alone, "book.txt"),
      Array.from({ length: 400 }, (_, i) => `line ${i * 7919} of the book\n`).join(""),
    );
    const one = tinyConfig({ steps: 2, data: { root: alone, files: ["*.txt"] }, tokenizer: { vocabSize: 270 } });
    expect(await runTiny(freshFolder(), { config: one, data: [] })).toMatchObject({ card: { data: { files: 1 } } });
  });

  test("takes a tokenizer that is given, and no other afterwards", async () => {
    const [first, out] = [freshFolder(), freshFolder()];
    await runTiny(first, { config: tinyConfig({ steps: 1 }) });
    const given = tinyConfig({ tokenizer: { file: join(first, "tokenizer.json") } });
    await runTiny(out, { stopAfter: 2, config: given });
    await runTiny(out, { resume: true });
    expect(readFileSync(join(out, "tokenizer.json"))).toEqual(readFileSync(join(first, "tokenizer.json")));
    const smaller = tinyConfig({ tokenizer: { vocabSize: 290 } });
    await expect(runTiny(out, { resume: true, config: smaller })).rejects.toThrow(
      /tokenizer was 300 tokens, sha256 \w+…, is 290 tokens/u,
    );
    const nowhere = tinyConfig({ tokenizer: { file: "/nowhere/tokenizer.json" } });
    await expect(runTiny(freshFolder(), { config: nowhere })).rejects.toThrow(
      /tokenizer\.file names a tokenizer\.json/u,
    );
  });

  test.each<[Record<string, unknown>, RegExp]>([
    [{ name: "top-q" }, /there is no sparsifier "top-q"[^]*did you mean "top-k"/u],
    [{ name: "top-k", options: { block: 2 } }, /options of top-k@[^]*block: 2 found/u],
    [{ name: "top-k", options: { block: 0.1, embeding: 0.5 } }, /embeding: [^]*did you mean "embedding"/u],
  ])("refuses the sparsifier %j before it reads or writes anything", async (sparsifier, message) => {
    const out = freshFolder();
    const phases: string[] = [];
    const run = runTiny(out, { config: tinyConfig({ sparsifier }), onProgress: ({ phase }) => phases.push(phase) });
    await expect(run).rejects.toThrow(message);
    expect([phases, readdirSync(out)]).toEqual([[], []]);
  });

  test("stops before it stores weights that are no numbers", async () => {
    const out = freshFolder();
    const wild = tinyConfig({ optimiser: { rate: 1e30, warmup: 0, gradient: "plain" }, checkpointEvery: 1 });
    await expect(runTiny(out, { config: wild })).rejects.toThrow(/no longer a number[^]*lower optimiser\.rate/u);
    const { tensors } = parseSafetensors(readFileSync(join(out, "training-state.safetensors")), out);
    for (const tensor of tensors.values()) expect(toFloat32(tensor).every(Number.isFinite)).toBe(true);
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

  test.each(["top-k", "dense"])("takes no more memory from step to step, and keeps no tensors: %s", async (name) => {
    const before = tf.memory().numTensors;
    const taken: [number, number][] = [];
    const options = name === "dense" ? {} : { block: 0.2, annealUntil: 0.01 };
    await runTiny(freshFolder(), {
      config: tinyConfig({ steps: 60, sparsifier: { name, options } }),
      onProgress(progress) {
        const { numTensors, numBytes } = tf.memory();
        if (progress.phase === "training") taken.push([numTensors, numBytes]);
      },
    });
    expect(taken).toHaveLength(60);
    expect(taken.slice(1)).toEqual(taken.slice(0, -1));
    expect(tf.memory().numTensors).toBe(before);
  });

  test("needs data that is there and long enough", async () => {
    const config = parseTrainingConfig(tinyConfig(), "tiny.json");
    const options = { out: freshFolder(), baseDirectory: ".", command: "", codeVersion: "" };
    await expect(train(config, options)).rejects.toThrow(/--data FOLDER/);
    await expect(train(config, { ...options, data: [join(data, "nowhere")] })).rejects.toThrow(/not a folder/);
    const long = parseTrainingConfig(tinyConfig({ context: 100_000 }), "tiny.json");
    await expect(train(long, { ...options, data: [data] })).rejects.toThrow(/one sequence and its last target/);
    const idle = parseTrainingConfig(tinyConfig({ data: { files: ["**/*.py", "**/*.rs"] } }), "tiny.json");
    await expect(train(idle, { ...options, data: [data] })).rejects.toThrow(/the glob "\*\*\/\*\.rs" takes no file/u);
    expect(readdirSync(options.out)).toEqual([]);
  });
});
