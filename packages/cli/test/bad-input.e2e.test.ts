import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatSafetensors, fromFloat32, parseSafetensors } from "@filigree/core";
import { describe, expect, test } from "vitest";
import { contentsOf, emptyFolder, quoteFolder } from "./folders.ts";
import { expectCode, filigree } from "./filigree.ts";
import { saveTinyModel, tinyValues } from "./tiny-model.ts";

/** Runs a command that must refuse its input: exit code 2, nothing on standard output, no file written or changed. */
async function refused(args: readonly string[], cwd: string): Promise<string> {
  const before = contentsOf(cwd);
  const ended = await filigree(args, cwd);
  expectCode(ended, 2);
  expect(ended.stdout).toBe("");
  expect(contentsOf(cwd)).toEqual(before);
  return ended.stderr;
}

const RUN = ["run", "model", "--tokens", "rows.json", "--out", "out.safetensors"];

describe("checkpoints", () => {
  test("a folder without one", async () => {
    expect(await refused(["inspect", "model"], emptyFolder())).toBe(
      "error: model: there is no config.json\n  expected: a checkpoint directory with config.json and model.safetensors, or OpenAI's beeg_config.json and final_model.pt\n",
    );
  });

  test("a truncated one", async () => {
    const folder = quoteFolder();
    truncateSync(join(folder, "model/model.safetensors"), 3_000);
    expect(await refused(RUN, folder)).toMatch(/^error: model\/model\.safetensors: the file is truncated/mu);
  });

  test("a tensor of another shape", async () => {
    const folder = quoteFolder();
    const path = join(folder, "model/model.safetensors");
    const { tensors } = parseSafetensors(readFileSync(path), path);
    const changed = new Map(tensors).set("lm_head.weight", fromFloat32(new Float32Array(25), [1, 25]));
    writeFileSync(path, formatSafetensors(changed));
    expect(await refused(RUN, folder)).toBe(
      'error: model/model.safetensors: "lm_head.weight" has shape [1, 25]\n  expected: shape [6, 25]\n',
    );
  });

  test("a weight that is not a number", async () => {
    const folder = emptyFolder();
    const name = "transformer.h.1.mlp.c_proj.weight";
    const values = tinyValues().get(name)!.slice();
    values[5] = NaN;
    await saveTinyModel(join(folder, "model"), new Map([[name, values]]));
    const stderr = await refused(["inspect", "model"], folder);
    expect(stderr).toContain(`model/model.safetensors: "${name}" holds NaN`);
  });

  test("an unknown key in the config, with the nearest", async () => {
    const folder = quoteFolder();
    const path = join(folder, "model/config.json");
    const config = JSON.parse(readFileSync(path, "utf8"));
    writeFileSync(path, JSON.stringify({ ...config, n_layers: 2 }));
    const stderr = await refused(RUN, folder);
    expect(stderr).toContain('model/config.json: unknown key "n_layers"');
    expect(stderr).toContain('did you mean "n_layer"');
  });
});

describe("tasks", () => {
  test("a malformed line, with its number", async () => {
    const folder = quoteFolder();
    writeFileSync(join(folder, "data.jsonl"), '{"ids":[6,0,3],"answer":0}\n{"ids":[6,1,3],"answer":1');
    expect(await refused(["eval", "model", "./data.jsonl"], folder)).toMatch(/^error: \.\/data\.jsonl:2: not JSON/mu);
  });

  test("one that the model cannot express", async () => {
    const stderr = await refused(["eval", "model", "single_double_quote"], quoteFolder());
    expect(stderr).toMatch(/^error: task single_double_quote: the model has no vocabulary to express the task in$/mu);
    expect(stderr).toMatch(/^ {2}expected: a tokenizer\.json beside the model/mu);
  });
});

describe("circuit files", () => {
  test("several syntax errors, reported in one run", async () => {
    const folder = quoteFolder();
    const lines = ['circuit "x"', 'model "model"', "task ./task.jsonl", "attn L1 copies", "mlp carries quote type"];
    writeFileSync(join(folder, "a.circuit"), lines.join("\n"));
    for (const command of ["check", "fmt"]) {
      const stderr = await refused([command, "a.circuit"], folder);
      for (const line of [3, 4, 5]) expect(stderr).toMatch(new RegExp(`^a\\.circuit:${line}:\\d+: error: `, "mu"));
    }
  });

  test("an unknown layer, head, feature and position, each located and with what there is", async () => {
    const folder = quoteFolder();
    const lines = [
      'model "model"',
      'task "./task.jsonl"',
      "attn L10 copies quote type from opener to last",
      "attn L1 head 4 copies quote type from opener to last",
      "attn L1 copies qoute type from opener to last",
      "attn L1 copies quote type from openr to last",
    ];
    writeFileSync(join(folder, "a.circuit"), lines.join("\n"));
    const stderr = await refused(["check", "a.circuit"], folder);
    expect(stderr).toMatch(
      /^a\.circuit:3:6: error: .* \[unknown-layer\]\n.*\n.*\n {2}the model has 2 layers: L0, L1$/mu,
    );
    expect(stderr).toMatch(/^a\.circuit:4:14: error: .* \[unknown-head\]\n.*\n.*\n {2}attn L1 has one head: 0$/mu);
    expect(stderr).toMatch(/^a\.circuit:5:16: error: .* \[unknown-feature\]\n.*\n.*\n.*"quote type"/mu);
    expect(stderr).toMatch(/^a\.circuit:6:32: error: .* \[unknown-position\]\n.*\n.*\n.*"opener"/mu);
  });

  test("a model or a task that is not there, at the line that names it", async () => {
    const folder = quoteFolder();
    writeFileSync(join(folder, "a.circuit"), 'model "nowhere"\ntask "./task.jsonl"\nattn L1 copies quote type\n');
    const stderr = await refused(["check", "a.circuit"], folder);
    expect(stderr).toMatch(/^a\.circuit:1:7: error: .*nowhere: there is no config\.json \[unreadable-model\]$/mu);
    expect(await refused(["check", "a.circuit", "--model", "elsewhere"], folder)).toMatch(
      /^error: elsewhere: there is no config\.json$/mu,
    );
    writeFileSync(join(folder, "a.circuit"), 'model "model"\ntask single_duble_quote\nattn L1 copies quote type\n');
    expect(await refused(["check", "a.circuit"], folder)).toMatch(
      /^a\.circuit:2:6: error: there is no task "single_duble_quote" \[unreadable-task\]\n.*\n.*\n.*did you mean/mu,
    );
  });
});
