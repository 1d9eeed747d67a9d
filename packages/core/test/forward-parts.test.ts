import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  disposeModel,
  runModel,
  siteAt,
  useBackend,
  type BackendName,
  type Edit,
  type ForwardOptions,
  type Model,
  type SiteName,
  type TokenBatch,
} from "../src/index.ts";
import { generalCases, modelOf } from "./cone/random-circuit.ts";
import { randomBatch } from "./support/tiny-model.ts";
import { take } from "./support/logits.ts";

const size = fc.integer({ min: 1, max: 6 });

/** The logits, and what some sites showed on the way. */
function record(model: Model, tokens: TokenBatch, options: ForwardOptions): [Float32Array, Map<SiteName, tf.Tensor2D>] {
  const seen = new Map<SiteName, tf.Tensor2D>();
  const edit: Edit = (site, value) => {
    seen.set(site, tf.keep(tf.clone(value)));
    return value;
  };
  return [take(runModel(model, tokens, { ...options, edit })), seen];
}

describe.each<[BackendName, number]>([
  ["wasm", 60],
  ["cpu", 25],
])("on the %s backend", (backend, numRuns) => {
  beforeAll(() => useBackend(backend));

  test("a pass that begins anywhere goes on to the same logits, to the bit", () => {
    fc.assert(
      fc.property(generalCases, size, size, (chosen, batch, seq) => {
        const model = modelOf(chosen);
        const tokens = randomBatch(chosen.config, batch, seq, chosen.number);
        const readout = Int32Array.from({ length: batch }, (_, b) => b * seq + seq - 1);
        const [whole, seen] = record(model, tokens, { readout });
        for (let layer = 0; layer < chosen.config.nLayer; layer++) {
          for (const at of ["resid_in", "resid_mid"] as const) {
            const start = { layer, at, value: seen.get(siteAt(layer, at))! };
            expect(take(runModel(model, tokens, { readout, start }))).toEqual(whole);
            const [again, later] = record(model, tokens, { readout, start });
            expect(again).toEqual(whole);
            expect([...seen.keys()].slice(-later.size)).toEqual([...later.keys()]);
            tf.dispose([...later.values()]);
          }
        }
        tf.dispose([...seen.values()]);
        disposeModel(model);
      }),
      { numRuns },
    );
  });

  test("a pass that goes on with the columns that are read alone gives the same logits, to the bit", () => {
    fc.assert(
      fc.property(generalCases, size, size, (chosen, batch, seq) => {
        const model = modelOf(chosen);
        const tokens = randomBatch(chosen.config, batch, seq, chosen.number);
        const readout = Int32Array.from({ length: batch }, (_, b) => b * seq + (b % seq));
        const [whole, seen] = record(model, tokens, { readout });
        expect(take(runModel(model, tokens, { readout, narrow: true }))).toEqual(whole);
        const last = chosen.config.nLayer - 1;
        const [edited, narrow] = record(model, tokens, { readout, narrow: true });
        expect(edited).toEqual(whole);
        const middle = siteAt(last, "resid_mid");
        expect(narrow.get(middle)!.shape).toEqual([chosen.config.dModel, batch]);
        expect(narrow.get(siteAt(last, "attn.y"))!.shape[1]).toBe(tokens.ids.length);
        const start = { layer: last, at: "resid_mid" as const, value: narrow.get(middle)! };
        expect(take(runModel(model, tokens, { readout, narrow: true, start }))).toEqual(whole);
        tf.dispose([...seen.values(), ...narrow.values()]);
        disposeModel(model);
      }),
      { numRuns },
    );
  });
});
