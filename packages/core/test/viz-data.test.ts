import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { InputError, readVizData } from "../src/index.ts";
import { fixture } from "./support/fixtures.ts";

const path = fixture("torch", "viz_data.pt");

test("a published circuit: its nodes, effects and weights of edges, and true losses", async () => {
  const viz = await readVizData(path);
  expect(viz.nodes).toEqual({
    "0.attn.act_in": [1, 4],
    "0.attn.v": [2],
    "0.attn.resid_delta": [],
    "1.mlp.act_in": [0, 5, 9],
    "1.mlp.post_act": [3, 17],
    "1.mlp.resid_delta": [10],
  });
  const [into3, into17] = ["1.mlp.post_act.3", "1.mlp.post_act.17"];
  // Losses are stored as sums over pairs: twice the mean.
  expect(Object.fromEntries(viz.effects)).toEqual({
    [`1.mlp.act_in.0 ${into3}`]: 0.25,
    [`1.mlp.act_in.5 ${into3}`]: -0.125,
    [`1.mlp.act_in.5 ${into17}`]: 1,
    [`1.mlp.act_in.9 ${into17}`]: 0.5,
  });
  expect(Object.fromEntries(viz.weights)).toEqual({
    [`1.mlp.act_in.0 ${into3}`]: 1.5,
    [`1.mlp.act_in.5 ${into17}`]: -3,
  });
  expect(viz.loss).toEqual({ model: 0.0625, circuit: 0.25 });
  expect(viz.totalNodes).toBe(136192);
  expect(viz.notes).toEqual(['the channels of "final_resid" are left out: they are not nodes']);
});

test("files that hold no circuit are refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "filigree-viz-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const cut = join(folder, "cut.pt");
  writeFileSync(cut, readFileSync(path).subarray(0, 2000));
  for (const [file, message] of [
    [fixture("torch", "dtypes.pt"), /there is no dict "circuit_data"/],
    [cut, /cut\.pt: this archive cannot be read/],
    [join(folder, "nowhere.pt"), /nowhere\.pt: there is no such file/],
  ] as const) {
    await expect(readVizData(file)).rejects.toThrow(message);
    await expect(readVizData(file)).rejects.toThrow(InputError);
  }
});
