import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { join } from "node:path";
import {
  disposeModel,
  listSites,
  loadModel,
  recordSites,
  runModel,
  toFloat32,
  type Activation,
  type Model,
  type SiteName,
} from "../src/index.ts";
import { fixture, readTensors } from "./support/fixtures.ts";

// Every activation as an independent program computes it: fixtures/make_golden.py, and OpenAI's own code (`published`).

describe.each(["wasm", "cpu"] as const)("on %s", (backend) => {
  describe.each(["sparse", "relu", "dense", "both_ways", "published"])("the model %s", (name) => {
    const expected = readTensors(join(fixture("golden", name), "expected.safetensors"));
    const ids = Int32Array.from(toFloat32(expected.get("ids")!));
    const [batch, seq] = expected.get("ids")!.shape as [number, number];
    let model: Model;
    beforeAll(async () => {
      model = await loadModel(fixture("golden", name), backend);
    });
    afterAll(() => disposeModel(model));

    test("gives the golden value at every site, and leaves no tensor", () => {
      const { nLayer, nHead } = model.config;
      const before = tf.memory().numTensors;
      const patterns = new Set(Array.from({ length: nLayer }, (_, i) => i));
      const seen = new Map<SiteName, Activation>();
      runModel(model, { ids, batch, seq }, { edit: recordSites(listSites(nLayer), seen), patterns }).dispose();
      expect(tf.memory().numTensors).toBe(before);
      expect([...seen.keys()]).toEqual(listSites(nLayer));

      const compared = [...expected.keys()].filter((site) => site !== "ids");
      // OpenAI's code records neither patterns nor the embedding, and its wide sites are kept of one layer only.
      expect(compared).toHaveLength(name === "published" ? 9 : listSites(nLayer).length);
      for (const site of compared) {
        const { channels, tokens, values } = seen.get(site as SiteName)!;
        const golden = toFloat32(expected.get(site)!);
        expect(golden.length).toBe(values.length);
        let worst = 0;
        for (let c = 0; c < channels; c++) {
          for (let t = 0; t < tokens; t++) {
            const [b, query] = [Math.floor(t / seq), t % seq];
            const [head, key] = [Math.floor(c / seq), c % seq];
            // [batch, head, query, key] for patterns, [batch, seq, channel] for the others.
            const at = site.endsWith("pattern") ? ((b * nHead + head) * seq + query) * seq + key : t * channels + c;
            worst = Math.max(worst, Math.abs(values[c * tokens + t]! - golden[at]!));
          }
        }
        expect(worst, site).toBeLessThan(1e-5);
      }
    });

    test("gives the golden logits with fused attention too", () => {
      const logits = runModel(model, { ids, batch, seq });
      const [outputs, tokens] = logits.shape;
      const golden = toFloat32(expected.get("logits")!);
      const off = logits.dataSync().map((value, i) => value - golden[(i % tokens) * outputs + Math.floor(i / tokens)]!);
      logits.dispose();
      expect(Math.max(...off.map(Math.abs))).toBeLessThan(1e-5);
    });
  });
});
