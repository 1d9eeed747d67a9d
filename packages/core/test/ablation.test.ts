import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, expect, test } from "vitest";
import {
  ablate,
  chainEdits,
  disposeModel,
  InputError,
  maskOfNodes,
  nodeId,
  nodeSites,
  recordSites,
  runModel,
  siteName,
  siteWidth,
  useBackend,
  type Activation,
  type Edit,
  type Model,
  type SiteName,
} from "../src/index.ts";
import { bits, randomBatch, TINY, tinyModel } from "./support/tiny-model.ts";

beforeAll(() => useBackend("wasm"));

const SITES = nodeSites(TINY);
const fills = new Map(
  SITES.map((site) => [site, Float32Array.from({ length: siteWidth(TINY, site) }, (_, c) => 0.1 * (c + 1))]),
);

function record(model: Model, edit: Edit): { logits: Float32Array; seen: Map<SiteName, Activation> } {
  const seen = new Map<SiteName, Activation>();
  const tokens = randomBatch(model.config, 2, 5, 1);
  const run = runModel(model, tokens, { edit: chainEdits(edit, recordSites(SITES, seen)) });
  const logits = run.dataSync<"float32">().slice();
  run.dispose();
  return { logits, seen };
}

test("the nodes of a layer are the channels of its eight sites", () => {
  expect(SITES).toHaveLength(16);
  expect(SITES.reduce((n, site) => n + siteWidth(TINY, site), 0)).toBe(2 * (4 * 11 + 3 * 6 + 18));
});

test("concatenated positions are nodes of what sublayers read, and are ablated like the rest", () => {
  const model = tinyModel(4, { positions: "concatenated", dPos: 3 });
  const [site, other] = [siteName("0.attn.act_in"), siteName("1.mlp.act_in")];
  const mask = maskOfNodes(model.config, [nodeId(site, 13)]);
  expect(mask.get(site)).toHaveLength(14);
  expect(mask.get(other)).toHaveLength(14);
  const wide = new Map(
    [...mask].map(([name, gates]) => [name, Float32Array.from(gates, (_, c) => 0.1 * (c + 1))] as const),
  );
  const { edit, dispose } = ablate(mask, wide);
  const plain = record(model, (_, value) => value).seen.get(site)!;
  const { seen } = record(model, edit);
  expect(seen.get(site)!.values.slice(-10)).toEqual(plain.values.slice(-10));
  expect(seen.get(other)!.values.slice(-10)).toEqual(new Float32Array(10).fill(wide.get(other)![13]!));
  dispose();
  expect(() => maskOfNodes(model.config, [nodeId(site, 14)])).toThrow(/channels 0 to 13 of 0\.attn\.act_in/);
  disposeModel(model);
});

test("with all gates open nothing changes, to the bit", () => {
  const model = tinyModel(1);
  const open = new Map(SITES.map((site) => [site, new Float32Array(siteWidth(TINY, site)).fill(1)]));
  const { edit, dispose } = ablate(open, new Map());
  expect(bits(record(model, edit).logits)).toEqual(bits(record(model, (_, value) => value).logits));
  dispose();
  disposeModel(model);
});

test("a shut gate shows its fill at every token, an open one the value, to the bit", () => {
  const model = tinyModel(2);
  fc.assert(
    fc.property(fc.nat(), fc.nat(), (which, chosen) => {
      const before = tf.memory().numTensors;
      const site = SITES[which % SITES.length]!;
      const width = siteWidth(TINY, site);
      const gates = Float32Array.from({ length: width }, (_, c) => (chosen >> (c % 30)) & 1);
      const { edit, dispose } = ablate(new Map([[site, gates]]), fills);
      const plain = record(model, (_, value) => value).seen.get(site)!;
      const ablated = record(model, edit).seen.get(site)!;
      const expected = plain.values.map((value, i) => {
        const c = Math.floor(i / plain.tokens);
        return gates[c] === 1 ? value : fills.get(site)![c]!;
      });
      expect(bits(ablated.values)).toEqual(bits(expected));
      dispose();
      expect(tf.memory().numTensors).toBe(before);
    }),
    { numRuns: 40 },
  );
  disposeModel(model);
});

test("with all nodes ablated every site shows its fills, and no token knows of another", () => {
  const model = tinyModel(3, { bigram: false, positions: "none" });
  const { edit, dispose } = ablate(maskOfNodes(model.config, []), fills);
  const { seen } = record(model, edit);
  for (const [site, { channels, tokens, values }] of seen) {
    for (let i = 0; i < channels * tokens; i++) expect(values[i]).toBe(fills.get(site)![Math.floor(i / tokens)]);
  }
  dispose();
  disposeModel(model);
});

test("a mask of nodes opens exactly these", () => {
  const mask = maskOfNodes(TINY, [nodeId(siteName("0.attn.v"), 5), nodeId(siteName("1.mlp.post_act"), 0)]);
  const open = [...mask].flatMap(([site, gates]) => [...gates].flatMap((g, c) => (g === 1 ? [`${site}.${c}`] : [])));
  expect(open).toEqual(["0.attn.v.5", "1.mlp.post_act.0"]);
});

test.each([
  ["a channel beyond the site", nodeId(siteName("0.attn.v"), 6), /no node "0.attn.v.6"[^]*channels 0 to 5 of 0.attn.v/],
  ["a layer beyond the model", nodeId(siteName("2.attn.v"), 0), /no node "2.attn.v.0"[^]*layers 0 to 1/],
  ["a site that is not pruned", nodeId(siteName("final_resid"), 0), /no node "final_resid.0"/],
])("%s is refused", (_, node, message) => {
  expect(() => maskOfNodes(TINY, [node])).toThrow(message);
  expect(() => maskOfNodes(TINY, [node])).toThrow(InputError);
});

test("a site without a mean is refused, and nothing stays behind", () => {
  const before = tf.memory().numTensors;
  const missing = new Map([...fills].filter(([site]) => site !== "1.attn.q"));
  expect(() => ablate(maskOfNodes(TINY, []), missing)).toThrow(/no mean of the site "1.attn.q"/);
  expect(tf.memory().numTensors).toBe(before);
});
