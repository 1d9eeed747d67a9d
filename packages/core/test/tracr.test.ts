import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";
import { disposeModel, loadModel, runModel } from "../src/index.ts";
import { fixture } from "./support/fixtures.ts";

// Programs compiled to transformers (Lindner et al. 2023), with what they should answer.

interface Example {
  readonly ids: number[];
  /** [seq][outputs] */
  readonly logits: number[][];
}

describe.each(["wasm", "cpu"] as const)("on %s", (backend) => {
  test.each(["close_quote", "frac_prevs_x", "hist", "induction", "prev_token", "reverse"])(
    "the compiled program %s gives its answers",
    async (name) => {
      const model = await loadModel(fixture("tracr", name), backend);
      const before = tf.memory().numTensors;
      const examples = JSON.parse(readFileSync(join(fixture("tracr", name), "examples.json"), "utf8")) as Example[];
      expect(examples.length).toBeGreaterThan(10);
      let worst = 0;
      for (const { ids, logits: expected } of examples) {
        const seq = ids.length;
        const logits = runModel(model, { ids: Int32Array.from(ids), batch: 1, seq });
        expect(logits.shape).toEqual([model.config.outSize, seq]);
        const values = logits.dataSync();
        for (const [t, column] of expected.entries()) {
          for (const [o, value] of column.entries()) worst = Math.max(worst, Math.abs(values[o * seq + t]! - value));
        }
        logits.dispose();
      }
      expect(worst).toBeLessThan(1e-4);
      expect(tf.memory().numTensors).toBe(before);
      disposeModel(model);
    },
  );
});
