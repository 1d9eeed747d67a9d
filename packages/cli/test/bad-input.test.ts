import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatSafetensors, fromFloat32, parseSafetensors, readCheckpoint } from "@filigree/core";
import { describe, expect, test } from "vitest";
import { run } from "../src/index.ts";
import { captureStreams } from "./capture.ts";
import { contentsOf, emptyFolder, quoteFolder } from "./folders.ts";

/** Runs a command that must refuse its input: exit code 2, nothing on standard output, no file written or changed. */
async function refused(args: readonly string[], folder: string): Promise<string> {
  const before = contentsOf(folder);
  const streams = captureStreams();
  const code = await run(args, streams);
  expect({ code, stdout: streams.stdout.text() }).toEqual({ code: 2, stdout: "" });
  expect(contentsOf(folder)).toEqual(before);
  return streams.stderr.text();
}

function runArguments(folder: string): string[] {
  const [model, tokens, out] = ["model", "rows.json", "out.safetensors"].map((name) => join(folder, name));
  return ["run", model!, "--tokens", tokens!, "--out", out!];
}

const EMPTY_CIRCUIT = {
  format: "filigree.nodes/1",
  model: "0".repeat(64),
  task: "./task.jsonl",
  nodes: {},
  edges: [],
  ablation: { kind: "mean", means: "model" },
  loss: { dev: 0, test: 0, uncalibrated: 0, model: 0 },
  found: { pruner: "learned-mask@0.1.0", options: {}, seed: 0 },
};

describe("checkpoints", () => {
  test.each([0, 7, 8, 200])("truncated to %i bytes", async (size) => {
    const folder = quoteFolder();
    truncateSync(join(folder, "model/model.safetensors"), size);
    expect(await refused(runArguments(folder), folder)).toContain("model.safetensors: the file is truncated");
  });

  test("a tensor that the config has no place for", async () => {
    const folder = quoteFolder();
    const path = join(folder, "model/model.safetensors");
    const { tensors } = parseSafetensors(readFileSync(path), path);
    const changed = new Map(tensors).set("lm_head.wieght", fromFloat32(new Float32Array(1), [1]));
    writeFileSync(path, formatSafetensors(changed));
    const stderr = await refused(runArguments(folder), folder);
    expect(stderr).toContain('a tensor "lm_head.wieght" that the config has no place for');
    expect(stderr).toContain('did you mean "lm_head.weight"');
  });
});

describe("tasks", () => {
  test.each([
    ["an unknown key", '{"ids":[6,0,3],"answer":0,"postion":2}', 'data.jsonl:1: unknown key "postion"'],
    ["a missing key", '{"ids":[6,0,3]}', 'data.jsonl:1: the key "answer" is missing'],
    ["an input id that the model lacks", '{"ids":[6,99],"answer":0}', "data.jsonl:1: the model has no input id 99"],
    ["an answer that the model lacks", '{"ids":[6,0],"answer":6}', "data.jsonl:1: the model has no output id 6"],
    ["an answer in words", '{"ids":[6,0],"answer":"x"}', 'the token "x" is not in the model\'s vocabulary'],
  ])("%s", async (_, text, message) => {
    const folder = quoteFolder();
    const path = join(folder, "data.jsonl");
    writeFileSync(path, text);
    expect(await refused(["eval", join(folder, "model"), path], folder)).toContain(message);
  });

  test("an unknown one, with the nearest", async () => {
    const folder = quoteFolder();
    const stderr = await refused(["eval", join(folder, "model"), "single_duble_quote"], folder);
    expect(stderr).toContain('there is no task "single_duble_quote"');
    expect(stderr).toContain('did you mean "single_double_quote"');
  });
});

describe("rows of tokens", () => {
  test.each([
    ["[[6,0,3],[6,1]]", "rows.json: [1]: 2 ids\n  expected: 3, as in the first row"],
    ["[[6,8]]", "rows.json: [0][1]: the model has no token 8\n  expected: 0 to 7"],
    ["[[6,0.5]]", "rows.json: [0][1]: 0.5 found\n  expected: a whole number from 0"],
    ["[]", "rows.json: no rows"],
    ["[[]]", "rows.json: [0]: a row of no tokens\n  expected: at least one token"],
    ["[[6,0,0,0,0,0,0,0,0,3]]", "rows.json: [0]: a row of 10 tokens\n  expected: 1 to 9 tokens"],
    ["[[6,0]", "rows.json: not JSON"],
  ])("%s", async (text, message) => {
    const folder = quoteFolder();
    writeFileSync(join(folder, "rows.json"), text);
    expect(await refused(runArguments(folder), folder)).toContain(message);
  });

  test("a glob that names no site, with the nearest", async () => {
    const folder = quoteFolder();
    const stderr = await refused([...runArguments(folder), "--record", "1.atn.q"], folder);
    expect(stderr).toContain('no site matches "1.atn.q"');
    expect(stderr).toContain('did you mean "1.attn.q"');
  });
});

describe("training", () => {
  const glob = (...files: string[]) => ({ data: { root: "source", files } });
  test.each<[string, object, string]>([
    ["a glob that takes no file", glob("*.py", "*.pyx"), 'source: the glob "*.pyx" takes no file'],
    ["a line that is not JSON", glob("broken.jsonl"), "broken.jsonl:2: not JSON"],
    ["a line without a text", glob("other.jsonl"), 'other.jsonl:1: the line has no "text"'],
    ["files of which none is UTF-8", glob("latin.txt"), "none of the 1 files is UTF-8 text"],
    ["a folder that is not there", { data: { root: "sources", files: ["*"] } }, "sources: not a folder"],
    ["a key that is not there", { ...glob("*.py"), sparsifer: {} }, 'did you mean "sparsifier"'],
    ["too small a corpus", { ...glob("*.py"), tokenizer: { vocabSize: 258 } }, "expected: more than 128"],
    ["too large a vocabulary", glob("*.py"), "the texts are too small for a vocabulary of 1024 tokens"],
    [
      "more weights than there are",
      { ...glob("*.py"), sparsifier: { name: "top-k", options: { block: 1.5 } } },
      "config.json: sparsifier.options: options of top-k@0.2.0: block: 1.5 found, a number above 0 to 1 expected",
    ],
  ])("%s", async (_, changes, message) => {
    const folder = emptyFolder();
    mkdirSync(join(folder, "source"));
    writeFileSync(join(folder, "source/a.py"), "print(1)\n");
    writeFileSync(join(folder, "source/latin.txt"), Uint8Array.of(0xe9));
    writeFileSync(join(folder, "source/broken.jsonl"), '{"text":"a"}\n{"text":"b"');
    writeFileSync(join(folder, "source/other.jsonl"), '{"content":"a"}');
    const path = join(folder, "config.json");
    writeFileSync(path, JSON.stringify({ format: "filigree.training/1", name: "x", ...changes }));
    expect(await refused(["train", path, "--out", join(folder, "out")], folder)).toContain(message);
  });
});

describe("other files", () => {
  test("a training configuration with an unknown key, with the nearest", async () => {
    const folder = emptyFolder();
    const path = join(folder, "config.json");
    writeFileSync(path, '{"format":"filigree.training/1","stpes":3}');
    const stderr = await refused(["train", path], folder);
    expect(stderr).toContain('config.json: unknown key "stpes"');
    expect(stderr).toContain('did you mean "steps"');
  });

  test("a circuit of another model", async () => {
    const folder = quoteFolder();
    const path = join(folder, "a.json");
    writeFileSync(path, JSON.stringify(EMPTY_CIRCUIT));
    const args = ["eval", join(folder, "model"), join(folder, "task.jsonl"), "--circuits", path, "--workers", "1"];
    expect(await refused(args, folder)).toContain("a.json: this is a circuit of another model");
  });

  test("a circuit of another model, before another circuit is measured", async () => {
    const folder = quoteFolder();
    const { hash } = await readCheckpoint(join(folder, "model"));
    const paths = [hash, "0".repeat(64)].map((model, i) => {
      const path = join(folder, `${i}.json`);
      writeFileSync(path, JSON.stringify({ ...EMPTY_CIRCUIT, model }));
      return path;
    });
    const args = ["eval", join(folder, "model"), join(folder, "task.jsonl"), "--workers", "1", "--circuits", ...paths];
    // The first one is empty, which is found out when it is measured.
    expect(await refused(args, folder)).toContain("1.json: this is a circuit of another model");
  });

  test("a circuit without nodes that is to become claims", async () => {
    const folder = quoteFolder();
    const path = join(folder, "a.json");
    const { hash } = await readCheckpoint(join(folder, "model"));
    writeFileSync(path, JSON.stringify({ ...EMPTY_CIRCUIT, model: hash }));
    const args = ["convert", path, join(folder, "a.circuit"), "--as", "circuit", "--model", join(folder, "model")];
    expect(await refused(args, folder)).toBe(
      `error: ${path}: the circuit has no nodes, so there is nothing to state\n`,
    );
  });

  test.each([
    ["a search", ["--search", "3"], '{"format":"filigree.search/1"}', 'the key "search" is missing'],
    ["a run", [], '{"format":"filigree.pruning/1"}', 'the key "steps" is missing'],
    ["another program", [], "[]", "an array found"],
  ])("a saved state of %s that is damaged", async (_, more, text, message) => {
    const folder = quoteFolder();
    const out = join(folder, "a.json");
    writeFileSync(`${out}.state.json`, text);
    const args = ["prune", join(folder, "model"), join(folder, "task.jsonl"), "--workers", "1", "--out", out];
    const stderr = await refused([...args, ...more, "--resume"], folder);
    expect(stderr).toContain(`a.json.state.json: ${message}`);
  });

  test("a file that is not text", async () => {
    const folder = emptyFolder();
    const path = join(folder, "a.circuit");
    writeFileSync(path, Uint8Array.of(0xff, 0xfe, 0x00));
    expect(await refused(["fmt", path], folder)).toBe(
      `error: ${path}: the file is not UTF-8 text\n  expected: a .circuit file\n`,
    );
  });

  test("a place that cannot be written to", async () => {
    const folder = quoteFolder();
    const args = [...runArguments(folder).slice(0, -1), join(folder, "rows.json/out")];
    expect(await refused(args, folder)).toContain("the system refuses");
  });

  test("--trace of several files", async () => {
    const stderr = await refused(["check", "a.circuit", "b.circuit", "--trace", "t.jsonl"], emptyFolder());
    expect(stderr).toBe("error: --trace with several files\n  hint: trace one file at a time\n");
  });
});
