import { cpSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatNodeFile, parseNodeFile, parseSafetensors, saveModel, type NodeFile } from "@filigree/core";
import { describe, expect, test } from "vitest";
import { contentsOf, emptyFolder, filesIn, fixture, quoteFolder } from "./folders.ts";
import { expectCode, filigree, type Ended } from "./filigree.ts";
import { TINY, tinyValues } from "./tiny-model.ts";

/** OpenAI's pair of files in `model`, a circuit in `viz_data.pt`, and a small model that it fits in `tiny`. */
async function publishedFolder(): Promise<string> {
  const folder = emptyFolder();
  cpSync(fixture("openai-model"), join(folder, "model"), { recursive: true });
  cpSync(fixture("viz_data.pt"), join(folder, "viz_data.pt"));
  const config = { ...TINY, dModel: 11, dMlp: 18 };
  await saveModel(join(folder, "tiny"), { config, values: tinyValues(config), means: new Map() });
  return folder;
}

async function done(args: readonly string[], cwd: string): Promise<Ended> {
  const ended = await filigree(args, cwd);
  expectCode(ended, 0);
  return ended;
}

/** A command that must refuse its input and change nothing. */
async function refused(args: readonly string[], cwd: string): Promise<string> {
  const before = contentsOf(cwd);
  const ended = await filigree(args, cwd);
  expectCode(ended, 2);
  expect(ended.stdout).toBe("");
  expect(contentsOf(cwd)).toEqual(before);
  return ended.stderr;
}

describe("convert of a model", () => {
  test("writes a compressed checkpoint of the same hash, and says how large", async () => {
    const folder = await publishedFolder();
    const { stdout, stderr } = await done(["convert", "model", "out/new"], folder);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^out\/new: [\d,]+ nonzeros of [\d,]+ parameters \(\d+\.\d %\), \d+\.\d kB\n$/u);
    expect(filesIn(join(folder, "out"))).toEqual(["new/config.json", "new/model.safetensors"]);
    const inspected = async (model: string) =>
      JSON.parse((await done(["inspect", model, "--json"], folder)).stdout) as Record<string, unknown>;
    const [before, after] = [await inspected("model"), await inspected("out/new")];
    for (const key of ["hash", "config", "parameters", "layers", "stream"]) expect(after[key]).toEqual(before[key]);
    const path = join(folder, "out/new/model.safetensors");
    expect(statSync(path).size).toBeLessThan(statSync(join(folder, "model/final_model.pt")).size);
  });

  test("runs to the same activations", async () => {
    const folder = await publishedFolder();
    await done(["convert", "model", "new"], folder);
    writeFileSync(join(folder, "rows.json"), "[[1,2,3,4],[5,6,7,39]]");
    for (const model of ["model", "new"]) {
      await done(["run", model, "--tokens", "rows.json", "--record", "*", "--out", `${model}.safetensors`], folder);
    }
    const written = (model: string) => readFileSync(join(folder, `${model}.safetensors`));
    expect(written("new").equals(written("model"))).toBe(true);
    expect(parseSafetensors(written("new"), "new").tensors.has("1.mlp.post_act")).toBe(true);
  });

  test("notes the keys of a config that it passes over", async () => {
    const folder = await publishedFolder();
    const path = join(folder, "model/beeg_config.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), moons: 3 }));
    expect((await done(["convert", "model", "new"], folder)).stderr).toContain('the key "moons" is not read');
  });

  test("refuses what it cannot read or would overwrite, and writes nothing", async () => {
    const folder = await publishedFolder();
    expect(await refused(["convert", "model", "tiny"], folder)).toMatch(/^error: tiny: this folder is not empty/u);
    expect(await refused(["convert", "model", "viz_data.pt"], folder)).toContain("viz_data.pt: this is a file");
    expect(await refused(["convert", "nowhere", "new"], folder)).toContain("nowhere: there is no such file or folder");
    for (const [option, value] of [
      ["--task", "x"],
      ["--as", "mib"],
    ] as const) {
      expect(await refused(["convert", "model", "new", option, value], folder)).toContain("are for circuits");
    }
    mkdirSync(join(folder, "empty"));
    expect(await refused(["convert", "empty", "new"], folder)).toContain("beeg_config.json and final_model.pt");
    truncateSync(join(folder, "model/final_model.pt"), 90_000);
    expect(await refused(["convert", "model", "new"], folder)).toMatch(/final_model\.pt: this archive cannot be read/u);
    truncateSync(join(folder, "model/final_model.pt"), 0);
    expect(await refused(["convert", "model", "new"], folder)).toMatch(/final_model\.pt: the file is empty/u);
  });
});

describe("convert of a circuit", () => {
  test("writes a node file with the model's weights and the published effects", async () => {
    const folder = await publishedFolder();
    const { stderr } = await done(
      ["convert", "viz_data.pt", "out.json", "--model", "tiny", "--task", "quotes"],
      folder,
    );
    expect(stderr).toContain("out.json: 9 nodes, ");
    const file = parseNodeFile(readFileSync(join(folder, "out.json"), "utf8"), "out.json");
    const { hash } = JSON.parse((await done(["inspect", "tiny", "--json"], folder)).stdout) as { hash: string };
    expect(file).toMatchObject({ model: hash, task: "quotes", loss: { dev: null, test: 0.25, model: 0.0625 } });
    const weights = tinyValues({ ...TINY, dModel: 11, dMlp: 18 }).get("transformer.h.1.mlp.c_fc.weight")!;
    const expected = [0, 5, 9].flatMap((s) => [3, 17].map((t) => [s, t, weights[t * 11 + s]!] as const));
    const found = file.edges.filter(({ to }) => to.startsWith("1.mlp.post_act"));
    const published: Record<string, number> = { "0 3": 0.25, "5 3": -0.125, "5 17": 1, "9 17": 0.5 };
    const wanted = expected
      .filter(([, , weight]) => weight !== 0)
      .map(([s, t, weight]) => {
        const edge = { from: `1.mlp.act_in.${s}`, to: `1.mlp.post_act.${t}`, weight };
        const effect = published[`${s} ${t}`];
        return effect === undefined ? edge : { ...edge, effect };
      });
    expect(found).toHaveLength(wanted.length);
    expect(found).toEqual(expect.arrayContaining(wanted));
  });

  test("without the model, takes the weights that the file holds and says so", async () => {
    const folder = await publishedFolder();
    const { stderr } = await done(["convert", "viz_data.pt", "out.json"], folder);
    expect(stderr).toContain("the circuit names no model");
    const { edges } = parseNodeFile(readFileSync(join(folder, "out.json"), "utf8"), "out.json");
    expect(edges).toEqual([
      { from: "1.mlp.act_in.0", to: "1.mlp.post_act.3", weight: 1.5, effect: 0.25 },
      { from: "1.mlp.act_in.5", to: "1.mlp.post_act.17", weight: -3, effect: 1 },
    ]);
  });

  test("refuses another model's, a file of something else, and to overwrite", async () => {
    const folder = await publishedFolder();
    await saveModel(join(folder, "small"), { config: TINY, values: tinyValues(), means: new Map() });
    expect(await refused(["convert", "viz_data.pt", "out.json", "--model", "small"], folder)).toMatch(
      /has a node "1\.mlp\.act_in\.9", and the model has 8 channels there/u,
    );
    expect(await refused(["convert", "model/final_model.pt", "out.json"], folder)).toContain('no dict "circuit_data"');
    expect(await refused(["convert", "viz_data.pt", "viz_data.pt"], folder)).toContain("there is something already");
    writeFileSync(join(folder, "text.pt"), "not a circuit");
    expect(await refused(["convert", "text.pt", "out.json"], folder)).toContain("torch.save");
    expect(await refused(["convert", "model/beeg_config.json", "out.json"], folder)).toMatch(
      /beeg_config\.json: this JSON is no circuit\n {2}expected: a node file \("format": "filigree\.nodes\/1"\), or a graph/u,
    );
  });

  test("goes to a graph of heads and MLP blocks and back", async () => {
    const folder = await publishedFolder();
    const model = ["--model", "tiny"];
    await done(["convert", "viz_data.pt", "graph.json", "--as", "mib", ...model], folder);
    const graph = JSON.parse(readFileSync(join(folder, "graph.json"), "utf8"));
    expect(graph.cfg).toEqual({ n_layers: 2, n_heads: 2, parallel_attn_mlp: false, d_model: 11 });
    const kept = Object.entries(graph.nodes as Record<string, { in_graph: boolean }>).filter(([, n]) => n.in_graph);
    expect(kept.map(([name]) => name)).toEqual(["input", "a0.h0", "m1", "logits"]);
    writeFileSync(join(folder, "foreign.json"), JSON.stringify({ ...graph, method: "acdc" }));
    const { stderr } = await done(["convert", "foreign.json", "back.json", "--task", "quotes", ...model], folder);
    expect(stderr).toContain('foreign.json: the key "method" of the graph is not read');
    expect(stderr).toContain("the circuit has all their channels");
    const back = parseNodeFile(readFileSync(join(folder, "back.json"), "utf8"), "back.json");
    expect(back.task).toBe("quotes");
    expect(Object.entries(back.nodes).map(([site, channels]) => `${site} ${channels.length}`)).toEqual([
      "0.attn.act_in 11",
      // No edge of the graph touches the head: the model has no weight between its nodes of the circuit.
      "0.attn.q 3",
      "0.attn.k 3",
      "0.attn.v 3",
      "0.attn.resid_delta 11",
      "1.mlp.act_in 11",
      "1.mlp.post_act 18",
      "1.mlp.resid_delta 11",
    ]);
  });

  test("goes to a viz_data.pt and back to the same circuit, the same bytes each time", async () => {
    const folder = await publishedFolder();
    const model = ["--model", "tiny"];
    await done(["convert", "viz_data.pt", "one.json", ...model, "--task", "quotes"], folder);
    const { stdout, stderr } = await done(["convert", "one.json", "one.pt", "--as", "viz", ...model], folder);
    expect(stdout).toBe("");
    // Some of the model's edges have no effect in the published file.
    expect(stderr).toMatch(/^effects of edges are left out: .* have none\none\.pt: 9 nodes, \d+ edges\n$/u);
    await done(["convert", "one.json", "two.pt", "--as", "viz", ...model], folder);
    expect(readFileSync(join(folder, "two.pt")).equals(readFileSync(join(folder, "one.pt")))).toBe(true);
    await done(["convert", "one.pt", "back.json", ...model, "--task", "quotes"], folder);
    const [one, back] = ["one.json", "back.json"].map((name) =>
      parseNodeFile(readFileSync(join(folder, name), "utf8"), name),
    ) as [NodeFile, NodeFile];
    const withoutEffects = one.edges.map(({ from, to, weight }) => ({ from, to, weight }));
    const kept = (file: NodeFile) => Object.entries(file.nodes).filter(([, channels]) => channels.length > 0);
    expect(kept(back)).toEqual(kept(one));
    expect(back).toMatchObject({ model: one.model, task: "quotes", loss: one.loss, edges: withoutEffects });
    await done(["convert", "one.pt", "alone.json"], folder);
    expect(parseNodeFile(readFileSync(join(folder, "alone.json"), "utf8"), "alone.json").edges).toEqual(back.edges);
  });

  test("becomes the beginning of a .circuit file that check reads", async () => {
    const folder = quoteFolder();
    writeFileSync(
      join(folder, "kept.json"),
      formatNodeFile({
        format: "filigree.nodes/1",
        model: "0".repeat(64),
        task: "close_quote",
        nodes: { "0.attn.act_in": [0, 1], "0.attn.v": [0], "0.attn.resid_delta": [2] } as NodeFile["nodes"],
        edges: [],
        ablation: { kind: "mean", means: "model" },
        loss: { dev: null, test: null, uncalibrated: null, model: null },
        found: { pruner: "hand", options: {}, seed: 0 },
      }),
    );
    mkdirSync(join(folder, "claims"));
    const to = "claims/new.circuit";
    await done(["convert", "kept.json", to, "--as", "circuit", "--model", "model", "--task", "task.jsonl"], folder);
    const text = readFileSync(join(folder, to), "utf8");
    expect(text).toContain('model "../model"\ntask "../task.jsonl"\n');
    await done(["fmt", "--check", to], folder);
    const { code, stdout } = await filigree(["check", to, "--json", "--workers", "1"], folder);
    expect([0, 1]).toContain(code);
    expect(JSON.parse(stdout).claims).toMatchObject([{ text: "kept is sufficient" }]);
  });

  test("names the place of a fault, and what is missing", async () => {
    const folder = await publishedFolder();
    await done(["convert", "viz_data.pt", "kept.json", "--model", "tiny"], folder);
    await done(["convert", "kept.json", "graph.json", "--as", "mib", "--model", "tiny"], folder);
    await saveModel(join(folder, "small"), { config: TINY, values: tinyValues(), means: new Map() });
    const graph = readFileSync(join(folder, "graph.json"), "utf8");
    writeFileSync(join(folder, "edge.json"), graph.replace('"input->m0"', '"m0->input"'));
    writeFileSync(join(folder, "cut.json"), graph.slice(0, -20));
    const [asGraph, asText] = [
      ["--as", "mib"],
      ["--as", "circuit"],
    ] as const;
    for (const [args, message] of [
      [["edge.json", "out", "--model", "tiny"], "edge.json: edges.m0->input: the model of the graph has no edge"],
      [["cut.json", "out", "--model", "tiny"], "cut.json: not JSON"],
      [["graph.json", "out"], "expected: --model with the folder of its model"],
      [["graph.json", "out", "--model", "small"], "graph.json: cfg.d_model: the graph is of a model with d_model = 11"],
      [["kept.json", "out", ...asGraph], "expected: --model with the folder of its model"],
      [["kept.json", "out", ...asText], "expected: --model with the folder of its model"],
      [["kept.json", "out", ...asText, "--model", "small"], "kept.json: the circuit was made for another model"],
      [["kept.json", "out", "--as", "viz"], "expected: --model with the folder of its model"],
      [["kept.json", "out", "--as", "viz", "--model", "small"], "kept.json: the circuit was made for another model"],
      [["kept.json", "out", "--as", "png"], "Allowed choices are nodes, mib, viz, circuit"],
    ] as const) {
      expect(await refused(["convert", ...args], folder)).toContain(message);
    }
  });
});
