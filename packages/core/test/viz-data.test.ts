import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { formatVizData, InputError, NODE_SITE_KINDS, readVizData, siteAt, type VizData } from "../src/index.ts";
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
  const folder = emptyFolder();
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

describe("a circuit that is written", () => {
  type Written = Omit<VizData, "notes">;
  const read = "0.attn.act_in";
  const value = "0.attn.v";
  const write = "0.attn.resid_delta";
  const EXAMPLE = {
    nodes: { [write]: [1], [read]: [3, 300], [value]: [7], "1.mlp.post_act": [] },
    weights: new Map([
      [`${value}.7 ${write}.1`, -2],
      [`${read}.300 ${value}.7`, 0.5],
      ["embed.3 0.attn.act_in.3", 9],
    ]),
    effects: new Map([[`${read}.300 ${value}.7`, 0.125]]),
    loss: { model: 0.0625, circuit: 1 },
    totalNodes: 3264,
  } as unknown as Written;

  async function readBack(written: Written): Promise<VizData> {
    const path = join(emptyFolder(), "viz_data.pt");
    writeFileSync(path, formatVizData(written));
    return readVizData(path);
  }

  test("is read back the same, any circuit", async () => {
    const float = fc.float({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }).filter((x) => x !== 0);
    const circuit = fc
      .record({
        sites: fc.uniqueArray(fc.tuple(fc.nat({ max: 3 }), fc.constantFrom(...NODE_SITE_KINDS)), {
          maxLength: 6,
          selector: ([layer, kind]) => siteAt(layer, kind),
        }),
        kept: fc.array(fc.uniqueArray(fc.nat({ max: 70_000 }), { maxLength: 5 }), { minLength: 6, maxLength: 6 }),
        edges: fc.array(fc.tuple(fc.nat(), fc.nat(), float, float), { maxLength: 20 }),
        loss: fc.record({ model: fc.option(fc.double({ noNaN: true, min: 0, max: 1e6 }), { nil: undefined }) }),
        totalNodes: fc.option(fc.nat(), { nil: undefined }),
      })
      .map(({ sites, kept, edges, loss, totalNodes }) => {
        const sorted = kept.map((channels) => channels.sort((a, b) => a - b));
        const nodes = Object.fromEntries(sites.map(([layer, kind], i) => [siteAt(layer, kind), sorted[i]!]));
        const ids = Object.entries(nodes).flatMap(([site, channels]) =>
          channels.map((channel) => `${site}.${channel}`),
        );
        const pairs = ids.length === 0 ? [] : edges.map(([a, b]) => `${ids[a % ids.length]} ${ids[b % ids.length]}`);
        const numbers = (of: 2 | 3) => new Map(pairs.map((pair, i) => [pair, edges[i]![of]]));
        const losses = { ...loss, circuit: loss.model };
        return { nodes, weights: numbers(2), effects: numbers(3), loss: losses, totalNodes };
      }) as unknown as fc.Arbitrary<Written>;
    await fc.assert(
      fc.asyncProperty(circuit, async (written) => {
        expect(await readBack(written)).toEqual({ ...written, notes: [] });
        const again = { ...written, weights: new Map([...written.weights].reverse()) };
        expect(formatVizData(again)).toEqual(formatVizData(written));
      }),
      { numRuns: 60 },
    );
  });

  test("has the edges between its nodes alone", async () => {
    const { weights, effects } = await readBack(EXAMPLE);
    expect(Object.fromEntries(weights)).toEqual({ [`${read}.300 ${value}.7`]: 0.5, [`${value}.7 ${write}.1`]: -2 });
    expect(Object.fromEntries(effects)).toEqual({ [`${read}.300 ${value}.7`]: 0.125 });
  });

  test("what was read of a published file is written and read again", async () => {
    const { notes, ...viz } = await readVizData(path);
    expect(notes).toHaveLength(1);
    expect(await readBack(viz)).toEqual({ ...viz, notes: [] });
  });

  // Machines without Python have the other tests.
  test.runIf(spawnSync("python3", ["--version"]).status === 0)("is what Python's own modules read", () => {
    const file = join(emptyFolder(), "viz_data.pt");
    writeFileSync(file, formatVizData(EXAMPLE));
    const { stdout, stderr } = spawnSync("python3", [fixture("torch", "read_viz_data.py"), file], { encoding: "utf8" });
    expect(stderr).toBe("");
    const indices = (...values: number[]) => ({ type: "LongStorage", shape: [values.length], values });
    const matrix = (rows: number, ...values: number[]) => {
      return { type: "FloatStorage", shape: [rows, values.length / rows], values };
    };
    const reads = [[3, 300], [7], [read, value]];
    expect(JSON.parse(stdout)).toEqual({
      root: "archive",
      version: "3\n",
      byteorder: "little",
      value: {
        circuit_data: {
          [read]: indices(3, 300),
          [value]: indices(7),
          [write]: indices(1),
          "1.mlp.post_act": indices(),
        },
        // Losses are stored as sums over pairs.
        importances: {
          loss: 0.125,
          interv_loss: 2,
          pair_data: [[matrix(2, 0, 0.25), ...reads]],
          pair_data_connections: [
            [matrix(2, 0, 0.5), ...reads],
            [matrix(1, -2), [7], [1], [value, write]],
          ],
        },
        num_total_nodes: 3264,
      },
    });
  });
});

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "filigree-viz-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}
