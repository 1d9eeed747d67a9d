import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  disposeModel,
  formatNodeFile,
  loadModel,
  siteName,
  siteWidth,
  useBackend,
  type NodeFile,
} from "@filigree/core";
import { circuitEdges, circuitNodes, type Estimate } from "@filigree/pruners";
import { beforeAll, describe, expect, test } from "vitest";
import { run } from "../src/index.ts";
import { captureStreams } from "./capture.ts";
import { emptyFolder } from "./folders.ts";
import { saveSureModel, TASK } from "./sure-model.ts";

beforeAll(() => useBackend("wasm"));

// All of the compiled program but its last MLP, which does nothing for the quote.
const NODES: readonly string[] = [
  ...["attn.act_in", "attn.q", "attn.k", "attn.v", "attn.resid_delta"].flatMap((kind) => [`0.${kind}`, `1.${kind}`]),
  "0.mlp.act_in",
  "0.mlp.post_act",
  "0.mlp.resid_delta",
];

/** A folder with a model and node files of it. */
async function circuitFolder(files: Readonly<Record<string, Partial<NodeFile>>>): Promise<string> {
  const folder = emptyFolder();
  await saveSureModel(join(folder, "model"));
  const model = await loadModel(join(folder, "model"));
  const width = (site: string) => siteWidth(model.config, siteName(site));
  for (const [name, changes] of Object.entries(files)) {
    const file: NodeFile = {
      format: "filigree.nodes/1",
      model: model.hash,
      task: "close quote",
      nodes: Object.fromEntries(NODES.map((site) => [site, Array.from({ length: width(site) }, (_, c) => c)])),
      edges: [],
      ablation: { kind: "mean", means: "model" },
      loss: { dev: null, test: null, uncalibrated: null, model: null },
      found: { pruner: "random@0.1.0", options: {}, seed: 0 },
      ...changes,
    };
    const edges = changes.edges ?? (file.model === model.hash ? circuitEdges(model, circuitNodes(file)) : []);
    writeFileSync(join(folder, name), formatNodeFile({ ...file, edges }));
  }
  disposeModel(model);
  return folder;
}

async function evaluate(folder: string, files: readonly string[], ...more: string[]) {
  const streams = captureStreams();
  const paths = files.map((file) => join(folder, file));
  const args = ["eval", join(folder, "model"), TASK, "--workers", "1", "--circuits", ...paths, ...more];
  const code = await run(args, streams);
  return { code, stdout: streams.stdout.text(), stderr: streams.stderr.text() };
}

describe("eval --circuits", () => {
  test("measures every circuit in every way, as JSON", async () => {
    const folder = await circuitFolder({ "a.json": {}, "b.json": { nodes: { "1.attn.v": [3, 4] } as never } });
    const { code, stdout } = await evaluate(folder, ["a.json", "b.json"], "--json", "--seed", "3");
    expect(code).toBe(0);
    const { circuits, stability } = JSON.parse(stdout);
    const [good, useless] = circuits;
    expect(good).toMatchObject({ file: join(folder, "a.json"), accuracy: 1, verdict: { better: expect.any(Boolean) } });
    expect(good.assessment.ablation).toBe("mean");
    expect(Object.keys(good.assessment.faithfulness)).toEqual(["mean", "zero", "resample"]);
    for (const { margin, loss } of Object.values(
      good.assessment.faithfulness as Record<string, Record<"margin" | "loss", Estimate>>,
    )) {
      for (const { estimate, low, high, n } of [margin, loss]) {
        expect(low).toBeLessThanOrEqual(estimate);
        expect(high).toBeGreaterThanOrEqual(estimate);
        expect(n).toBeGreaterThan(0);
      }
    }
    expect(good.assessment.faithfulness.mean.margin.estimate).toBeGreaterThan(0.9);
    expect(good.assessment.random.losses).toHaveLength(20);
    expect(good.assessment.edgeEffects.of).toBe(good.edges);
    expect(useless.verdict.better).toBe(false);
    expect(useless.verdict.because[0]).toMatch(/random circuits of its size are as good/u);
    expect(stability).toEqual([
      expect.objectContaining({ task: TASK, circuits: 2, nodes: 2 / good.nodes, shared: ["1.attn.v.3", "1.attn.v.4"] }),
    ]);
    const again = await evaluate(folder, ["a.json", "b.json"], "--json", "--seed", "3");
    expect(again.stdout).toBe(stdout);
  });

  test("shows a column a circuit, with the verdict in words", async () => {
    const folder = await circuitFolder({ "a.json": {}, "b.json": { nodes: { "1.attn.v": [3, 4] } as never } });
    const { code, stdout } = await evaluate(folder, ["a.json", "b.json"], "--ablation", "zero");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^figure .*a\.json .*b\.json$/mu);
    expect(stdout).toMatch(/^ablation +zero +zero$/mu);
    expect(stdout).toMatch(/^faithfulness, mean +\d\.\d\d \[\d\.\d\d, \d\.\d\d\]/mu);
    expect(stdout).toMatch(
      /b\.json: no better than its controls: \d+ of 20 random circuits of its size are as good$/mu,
    );
    expect(stdout).toMatch(/^stability of 2 circuits of .*: nodes 0\.\d\d, edges 0\.00; 2 nodes in all of them$/mu);
  });

  test("runs its pruner where there is nothing to find, and with other seeds", async () => {
    const folder = await circuitFolder({ "a.json": {} });
    const { code, stdout } = await evaluate(
      folder,
      ["a.json"],
      "--json",
      "--controls",
      "--seeds",
      "2",
      "--pruner",
      "random",
    );
    expect(code).toBe(0);
    const [{ controls, seeds }] = JSON.parse(stdout).circuits;
    expect(controls.map(({ control }: { control: string }) => control)).toEqual(["nonsense", "untrained"]);
    expect(seeds.runs.map(({ seed }: { seed: number }) => seed)).toEqual([1, 2]);
    expect(seeds.stability).toMatchObject({ circuits: 3, nodes: expect.any(Number) });
    const table = await evaluate(folder, ["a.json"], "--controls", "--seeds", "1");
    expect(table.stdout).toMatch(/^nonsense task +\d+ nodes?, \d+ edges?, loss \d/mu);
    expect(table.stdout).toMatch(/^untrained weights +\d+ nodes?/mu);
    expect(table.stdout).toMatch(/^stability of nodes +0\.\d\d$/mu);
  });

  test("says which control runs their budget ended, and does not count them as beaten", async () => {
    const folder = await circuitFolder({});
    const prune = ["prune", join(folder, "model"), TASK, "--pruner", "acdc", "--set", "over=nodes"];
    expect(await run([...prune, "--out", join(folder, "a.json")], captureStreams())).toBe(0);
    const controlled = ["--controls", "--pruner", "random", "--target", "0.3", "--ablation", "zero"];
    const starved = await evaluate(folder, ["a.json"], ...controlled, "--budget", "300", "--json");
    expect(starved.code).toBe(0);
    const [{ controls, verdict }] = JSON.parse(starved.stdout).circuits;
    expect(controls.map(({ complete }: { complete: boolean }) => complete)).toEqual([false, false]);
    expect(verdict).toEqual({ better: false, against: ["random"], because: [], unfinished: ["nonsense", "untrained"] });
    const table = await evaluate(folder, ["a.json"], ...controlled, "--budget", "300");
    expect(table.stdout).toMatch(/^nonsense task +.*: misses the target, not finished$/mu);
    expect(table.stdout).toMatch(
      /a\.json: not shown to be better than its controls: no control run finished: give a larger --budget$/mu,
    );
    const whole = await evaluate(folder, ["a.json"], ...controlled, "--json");
    expect(JSON.parse(whole.stdout).circuits[0].verdict.unfinished).toEqual([]);
  });

  test("measures rankings", async () => {
    const folder = await circuitFolder({});
    const args = ["eval", join(folder, "model"), TASK, "--workers", "1", "--rankings", "attribution", "eap"];
    const [json, table] = [captureStreams(), captureStreams()];
    expect([await run([...args, "--json"], json), await run(args, table)]).toEqual([0, 0]);
    const { rankings } = JSON.parse(json.stdout.text());
    expect(rankings).toMatchObject([
      { pruner: expect.stringMatching(/^attribution@/u), over: "nodes", ablation: "mean" },
      { pruner: expect.stringMatching(/^eap@/u), over: "edges" },
    ]);
    for (const { points, cpr, cmd } of rankings) {
      expect(points).toHaveLength(10);
      expect(points.at(-1).faithfulness.margin.estimate).toBe(1);
      expect(Number.isFinite(cpr) && cmd >= 0).toBe(true);
    }
    expect(table.stdout.text()).toMatch(/^ranking +task +of +CPR +CMD +0\.1 % .* 100 %$/mu);
  });

  test("says which circuits belong to another task or model", async () => {
    const other = "e".repeat(64);
    const folder = await circuitFolder({ "a.json": { task: "for_while" }, "b.json": { model: other } });
    const { code, stderr } = await evaluate(folder, ["a.json"]);
    expect(code).toBe(0);
    expect(stderr).toContain(`a.json was found for the task for_while, not for close quote`);
    const refused = await evaluate(folder, ["b.json"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`this is a circuit of another model, ${other}`);
    expect(refused.stderr).toMatch(/expected: "model": "[0-9a-f]{64}"/u);
    const forced = await evaluate(folder, ["b.json"], "--force", "--json");
    expect(forced.code).toBe(0);
    expect(forced.stderr).toContain(`b.json was found in another model, ${other}`);
    expect(JSON.parse(forced.stdout).circuits[0].edges).toBeGreaterThan(0);
  });

  test.each<[string, (path: string) => void, readonly string[], RegExp]>([
    ["an empty circuit", () => undefined, [], /empty\.json: close quote: the circuit is empty/u],
    [
      "a truncated file",
      (path) => writeFileSync(path, readFileSync(path).subarray(0, 100)),
      [],
      /empty\.json: not JSON/u,
    ],
    ["a file that is not text", (path) => writeFileSync(path, Uint8Array.of(0xff, 0xfe)), [], /not UTF-8 text/u],
    ["a pruner that is not there", () => undefined, ["--controls", "--pruner", "randm"], /did you mean "random"/u],
    ["rankings of a pruner without scores", () => undefined, ["--rankings", "learned-mask"], /gives no scores/u],
  ])("%s is bad input", async (name, damage, more, message) => {
    const nodes = name.startsWith("an empty") ? {} : { nodes: { "1.attn.v": [3] } as never };
    const folder = await circuitFolder({ "empty.json": name.startsWith("an empty") ? { nodes } : nodes });
    damage(join(folder, "empty.json"));
    const { code, stdout, stderr } = await evaluate(folder, ["empty.json"], ...more);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
  });
});
