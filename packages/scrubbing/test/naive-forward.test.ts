import { disposeModel, forward, listSites, type SiteName } from "@filigree/core";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { naiveModel } from "./support/naive/forward.ts";
import { anyConfig } from "./support/random-case.ts";
import { randomModel } from "./support/make-model.ts";

test("the naive forward pass shows at every site what the model shows", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyConfig,
      fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 1e6 }),
      async (config, ids, number) => {
        const model = await randomModel(config, number, 0.6);
        const naive = naiveModel(model)(ids);
        const patterns = new Set(Array.from({ length: config.nLayer }, (_, i) => i));
        const seen = new Map<SiteName, number[][]>();
        tf.tidy(() => {
          forward(
            model.config,
            model.parameters,
            { ids: Int32Array.from(ids), batch: 1, seq: ids.length },
            {
              patterns,
              edit: (site, value) => {
                seen.set(site, tf.transpose(value).arraySync() as number[][]);
                return value;
              },
            },
          );
        });
        disposeModel(model);
        for (const site of listSites(config.nLayer)) {
          for (const [t, row] of seen.get(site)!.entries())
            for (const [c, value] of row.entries()) {
              expect(Math.abs(value - naive.get(site)![t]![c]!), `${site} ${t} ${c}`).toBeLessThan(
                2e-5 * Math.max(1, Math.abs(value)),
              );
            }
        }
      },
    ),
    { numRuns: 40, seed: 3 },
  );
});
