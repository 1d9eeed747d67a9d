import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { circuitPage, circuitSvg } from "@filigree/pruners";
import { formatNodeFile, parseNodeFile, saveModel, type NodeFile } from "@filigree/core";
import { expect, test } from "vitest";
import { contentsOf, emptyFolder, filesIn, fixture } from "./folders.ts";
import { expectCode, filigree } from "./filigree.ts";
import { TINY, tinyValues } from "./tiny-model.ts";

/** The tiny model in `tiny`, and in `kept.json` a circuit that names it. */
async function circuitFolder(): Promise<{ folder: string; file: NodeFile }> {
  const folder = emptyFolder();
  cpSync(fixture("viz_data.pt"), join(folder, "viz_data.pt"));
  const config = { ...TINY, dModel: 11, dMlp: 18 };
  await saveModel(join(folder, "tiny"), { config, values: tinyValues(config), means: new Map() });
  expectCode(await filigree(["convert", "viz_data.pt", "kept.json", "--model", "tiny"], folder), 0);
  return { folder, file: parseNodeFile(readFileSync(join(folder, "kept.json"), "utf8"), "kept.json") };
}

test("picture writes an SVG or a page, by the name, and with a model tells heads apart", async () => {
  const { folder, file } = await circuitFolder();
  const drawn = async (out: string, ...more: string[]): Promise<string> => {
    const ended = await filigree(["picture", "kept.json", "--out", out, ...more], folder);
    expectCode(ended, 0);
    expect(ended).toMatchObject({ stdout: `${out}\n`, stderr: "" });
    return readFileSync(join(folder, out), "utf8");
  };
  expect(await drawn("a.svg")).toBe(circuitSvg(file));
  expect(await drawn("a.svg", "--model", "tiny")).toBe(circuitSvg(file, { headSize: TINY.dHead }));
  expect(await drawn("A.HTML", "--model", "tiny")).toBe(circuitPage(file, { headSize: TINY.dHead }));
  expect(filesIn(folder).filter((path) => !path.startsWith("tiny"))).toEqual([
    "A.HTML",
    "a.svg",
    "kept.json",
    "viz_data.pt",
  ]);
});

test("picture refuses what it cannot draw, and writes nothing", async () => {
  const { folder, file } = await circuitFolder();
  await saveModel(join(folder, "other"), { config: TINY, values: tinyValues(), means: new Map() });
  const unnamed = { ...file, model: "0".repeat(64), nodes: { ...file.nodes, "1.mlp.post_act": [3, 17, 18] } };
  writeFileSync(join(folder, "wide.json"), formatNodeFile(unnamed));
  writeFileSync(join(folder, "cut.json"), formatNodeFile(file).slice(0, 300));
  const before = contentsOf(folder);
  for (const [args, message] of [
    [["kept.json", "--out", "a.png"], "a.png: the name does not say what to draw"],
    [["kept.json"], "--out <file>"],
    [["cut.json", "--out", "a.svg"], "cut.json: not JSON"],
    [["tiny/config.json", "--out", "a.svg"], 'config.json: the key "format" is missing'],
    [["kept.json", "--out", "a.svg", "--model", "other"], "kept.json: the circuit was made for another model"],
    [["wide.json", "--out", "a.svg", "--model", "tiny"], 'the model has no node "1.mlp.post_act.18"'],
  ] as const) {
    const ended = await filigree(["picture", ...args], folder);
    expectCode(ended, 2);
    expect(ended.stdout).toBe("");
    expect(ended.stderr).toContain(message);
  }
  expect(contentsOf(folder)).toEqual(before);
});
