import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  convertCheckpoint,
  denseValues,
  disposeModel,
  formatConfig,
  formatSafetensors,
  fromFloat32,
  InputError,
  listParameters,
  loadModel,
  parseParameterFile,
  parseTorchTensors,
  readCheckpoint,
  runModel,
  saveModel,
  siteName,
  trainBpe,
  type ModelConfig,
  type StoredTensor,
} from "../../src/index.ts";
import { fixture } from "../support/fixtures.ts";
import { bits, randomBatch, randomValues, TINY } from "../support/tiny-model.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "filigree-published-"));
});
afterEach(() => rm(directory, { recursive: true }));

const PUBLISHED = ["dense_gpt2", "relu_nobias", "sinusoidal_pos", "sweep_like", "yolo2_like"];

async function logits(from: string): Promise<Float32Array> {
  const model = await loadModel(from);
  const output = runModel(model, randomBatch(model.config, 2, 9, 1));
  const values = output.dataSync<"float32">().slice();
  tf.dispose(output);
  disposeModel(model);
  return values;
}

describe("OpenAI's pair of files", () => {
  test.each(PUBLISHED)("%s converts to the same model under the same hash", async (name) => {
    const from = fixture("openai", name);
    const to = join(directory, "new", "model");
    const { hash } = await convertCheckpoint(from, to);
    expect((await readdir(to)).sort()).toEqual(["config.json", "model.safetensors"]);
    expect((await readCheckpoint(from)).hash).toBe(hash);
    expect((await readCheckpoint(to)).hash).toBe(hash);
    expect(bits(await logits(to))).toEqual(bits(await logits(from)));
  });

  test("passes over keys that it does not know, and says so", async () => {
    await cp(fixture("openai", "yolo2_like"), directory, { recursive: true });
    const path = join(directory, "beeg_config.json");
    await writeFile(path, JSON.stringify({ ...JSON.parse(await readFile(path, "utf8")), n_moons: 3 }));
    const { notes, hash } = await readCheckpoint(directory);
    expect(notes).toEqual([`${path}: the key "n_moons" is not read`]);
    const model = await loadModel(directory);
    expect(model.notes).toEqual(notes);
    disposeModel(model);
    expect(hash).toBe((await readCheckpoint(fixture("openai", "yolo2_like"))).hash);
  });

  test("without its parameters, or with a damaged file, is refused", async () => {
    await cp(fixture("openai", "sweep_like"), directory, { recursive: true });
    const path = join(directory, "final_model.pt");
    await writeFile(path, (await readFile(path)).subarray(0, 50_000));
    await expect(loadModel(directory)).rejects.toThrow(/final_model\.pt: this archive cannot be read/);
    await writeFile(path, "");
    await expect(loadModel(directory)).rejects.toThrow(/final_model\.pt: the file is empty/);
    await rm(path);
    await expect(loadModel(directory)).rejects.toThrow(/there is no final_model\.pt/);
  });
});

describe("the Hugging Face layout", () => {
  /** The yolo2-like model as a config.json and a model.safetensors, its tensors changed. */
  async function huggingFace(
    name: string,
    change: (tensors: Map<string, StoredTensor>) => Map<string, StoredTensor> | void = () => {},
  ): Promise<string> {
    const from = fixture("openai", name);
    const bytes = await readFile(join(from, "final_model.pt"));
    const tensors = new Map(
      [...(await parseTorchTensors(bytes, "x"))].map(([key, t]) => [key, fromFloat32(t.values, t.shape)]),
    );
    const config = JSON.parse(await readFile(join(from, "beeg_config.json"), "utf8")) as object;
    const extra = { architectures: ["CircuitGPT"], model_type: "circuitgpt", torch_dtype: "float32" };
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, "config.json"), JSON.stringify({ ...config, ...extra }));
    const changed = change(tensors) ?? tensors;
    await writeFile(join(directory, "model.safetensors"), formatSafetensors(changed, { format: "pt" }));
    return (await readCheckpoint(from)).hash;
  }

  test("loads with the names as they are, and under a prefix", async () => {
    const hash = await huggingFace("yolo2_like");
    const { hash: found, notes } = await readCheckpoint(directory);
    expect(found).toBe(hash);
    expect(notes).toHaveLength(3);
    for (const prefix of ["model.", "circuit_model.", "_orig_mod.module."]) {
      await huggingFace("yolo2_like", (tensors) => new Map([...tensors].map(([name, t]) => [prefix + name, t])));
      expect((await readCheckpoint(directory)).hash).toBe(hash);
    }
  });

  test("leaves out causal masks; without a bias of the logits it is the model that had zeros there", async () => {
    await huggingFace("sweep_like", (tensors) => {
      tensors.delete("final_logits_bias");
      tensors.set("transformer.h.0.attn.bias", fromFloat32(new Float32Array(24 * 24).fill(1), [1, 1, 24, 24]));
    });
    expect((await readCheckpoint(directory)).values.has("final_logits_bias")).toBe(false);
    const without = await logits(directory);
    await huggingFace("sweep_like", (tensors) => {
      tensors.set("final_logits_bias", fromFloat32(new Float32Array(40), [40]));
    });
    expect(await logits(directory)).toEqual(without);
  });

  test("takes a tied embedding once or twice, if it is the same", async () => {
    const hash = await huggingFace("dense_gpt2", (tensors) => void tensors.delete("lm_head.weight"));
    expect((await readCheckpoint(directory)).hash).toBe(hash);
    await huggingFace("dense_gpt2", (tensors) => {
      tensors.set("lm_head.weight", fromFloat32(new Float32Array(40 * 32), [40, 32]));
    });
    await expect(readCheckpoint(directory)).rejects.toThrow(/"lm_head\.weight" is not the same/);
  });

  test("refuses tensors that it has no place for, by name", async () => {
    await huggingFace("relu_nobias", (tensors) => {
      tensors.set("transformer.h.0.attn.rotary.weight", fromFloat32(new Float32Array(2), [2]));
    });
    await expect(readCheckpoint(directory)).rejects.toThrow(/"transformer\.h\.0\.attn\.rotary\.weight"/);
    await expect(readCheckpoint(directory)).rejects.toThrow(InputError);
  });

  test("reads half precision", async () => {
    await huggingFace("relu_nobias", (tensors) => {
      const { shape } = tensors.get("transformer.ln_f.weight")!;
      const ones = new Uint8Array(new Uint16Array(shape[0]!).fill(0x3f80).buffer);
      tensors.set("transformer.ln_f.weight", { type: "BF16", shape, bytes: ones });
    });
    const { values } = await readCheckpoint(directory);
    expect(values.get("transformer.ln_f.weight")).toEqual(new Float32Array(32).fill(1));
  });
});

test("a file too large to be read at once gives what its bytes give, and the hash of its bytes", async () => {
  const config: ModelConfig = { ...TINY, nLayer: 1, vocabSize: 400_000, outSize: 400_000, bigram: false };
  const values = new Map(randomValues({ ...config, vocabSize: 13, outSize: 13 }, 1));
  for (const [name, share] of [
    ["transformer.wte.weight", 0.01],
    ["lm_head.weight", 0.9],
  ] as const) {
    const data = new Float32Array(config.vocabSize * config.dModel);
    for (let i = 0; i < data.length; i++) {
      const mixed = (Math.imul(i, 2654435761) >>> 0) / 2 ** 32;
      data[i] = mixed < share ? 1 + mixed : 0;
    }
    values.set(name, data);
  }
  values.set("final_logits_bias", new Float32Array(config.outSize).fill(0.5));
  await saveModel(directory, { config, values, means: new Map() });
  const bytes = await readFile(join(directory, "model.safetensors"));
  expect(bytes.length).toBeGreaterThan(2 ** 25);
  const streamed = await readCheckpoint(directory);
  expect(streamed.hash).toBe(createHash("sha256").update(formatConfig(config)).update(bytes).digest("hex"));
  expect(streamed.values.get("transformer.wte.weight")).not.toBeInstanceOf(Float32Array);
  const both = [streamed, await parseParameterFile(bytes, config, "m")].map(({ values }) => denseValues(values));
  for (const [name, data] of values) {
    for (const read of both) {
      expect(Buffer.compare(bytesOf(read.get(name)!), bytesOf(data))).toBe(0);
    }
  }
});

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

describe("converting", () => {
  const checkpoint = {
    config: TINY,
    values: randomValues(TINY, 1),
    means: new Map([[siteName("0.attn.v"), new Float32Array(6)]]),
  };

  test.each([
    ["encoder.json", "vocab.bpe"],
    ["vocab.json", "merges.txt"],
  ])("carries means along, and makes a tokenizer of %s and %s", async (vocabularyFile, mergesFile) => {
    const [from, to] = [join(directory, "a"), join(directory, "b")];
    const config = { ...TINY, vocabSize: 300, outSize: 300 };
    await saveModel(from, { ...checkpoint, config, values: randomValues(config, 1) });
    const trained = JSON.parse(trainBpe(["x = 1"], { vocabSize: 257 })) as {
      model: { vocab: object; merges: string[][] };
    };
    await writeFile(join(from, vocabularyFile), JSON.stringify(trained.model.vocab));
    await writeFile(join(from, mergesFile), "#version: 0.2\n");
    const { hash } = await convertCheckpoint(from, to);
    const found = await readCheckpoint(to);
    expect(found.hash).toBe(hash);
    expect([...found.means.keys()]).toEqual(["0.attn.v"]);
    expect(found.tokenizer!.decode(found.tokenizer!.encode("x = 1"))).toBe("x = 1");
    expect(await readdir(to)).toContain("tokenizer.json");
  });

  test("writes nothing where something lies, or where the source cannot be read", async () => {
    const from = join(directory, "a");
    await saveModel(from, checkpoint);
    await mkdir(join(directory, "full"));
    await writeFile(join(directory, "full", "note"), "");
    await expect(convertCheckpoint(from, join(directory, "full"))).rejects.toThrow(/full: this folder is not empty/);
    await expect(convertCheckpoint(from, join(directory, "full", "note"))).rejects.toThrow(/this is a file/);
    await writeFile(join(from, "model.safetensors"), "");
    await expect(convertCheckpoint(from, join(directory, "b"))).rejects.toThrow(InputError);
    expect((await readdir(directory)).sort()).toEqual(["a", "full"]);
  });

  test("rounds weights to the nearest float16 where asked: half the bytes, another model", async () => {
    const [from, to] = [join(directory, "a"), join(directory, "b")];
    const sparse = [...randomValues(TINY, 1)].map(([name, data]) => {
      return [name, data.map((value, i) => (i % 4 === 0 ? (i % 8 === 0 ? value : 1e-9) : 0))] as const;
    });
    await saveModel(from, { ...checkpoint, config: TINY, values: new Map(sparse) });
    const exact = await readCheckpoint(from);
    const { hash, values } = await convertCheckpoint(from, to, { halves: true });
    expect(hash).not.toBe(exact.hash);
    expect((await readCheckpoint(to)).hash).toBe(hash);
    for (const { name, shape } of listParameters(TINY)) {
      const [before, after] = [denseValues(exact.values).get(name)!, denseValues(values).get(name)!];
      // Half a step of eleven bits; below the smallest float16 nothing is left.
      const close = (value: number, i: number) =>
        Math.abs(value - before[i]!) <= Math.abs(before[i]!) * 2 ** -11 + 2e-8;
      expect(shape.length === 1 ? after.every((v, i) => v === before[i]) : after.every(close), name).toBe(true);
      expect(shape.length === 2 && after.includes(Math.fround(1e-9)), name).toBe(false);
    }
    const wrong = new Map([...exact.values, ["lm_head.weight", new Float32Array(13 * 11).fill(70_000)]]);
    await saveModel(from, { ...checkpoint, config: TINY, values: wrong });
    await expect(convertCheckpoint(from, join(directory, "c"), { halves: true })).rejects.toThrow(/70000, which no/);
  });

  test("fills an empty folder", async () => {
    await saveModel(join(directory, "a"), checkpoint);
    await mkdir(join(directory, "b"));
    await convertCheckpoint(join(directory, "a"), join(directory, "b"));
    expect(await readFile(join(directory, "b", "model.safetensors"))).toEqual(
      await readFile(join(directory, "a", "model.safetensors")),
    );
  });
});
