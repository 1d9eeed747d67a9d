import type { CircuitEvaluation, PruneProgress } from "@filigree/pruners";
import { count, counted, loss, percent } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { pairs } from "./table.ts";

/** Where a pruning run is, in a line. */
export function pruningProgress({ steps, progress, figures }: PruneProgress): string {
  const logged = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toPrecision(3))}`);
  return [`step ${count(steps)}`, percent(progress), ...logged].join(" · ");
}

/** What pruning found. */
export function renderCircuit(file: string, evaluation: CircuitEvaluation, paint: Paint): string {
  const { nodes, edges, calibrated, uncalibrated, model } = evaluation;
  const { test } = calibrated;
  return pairs(
    [
      ["circuit", `${counted(nodes, "node")}, ${counted(edges.length, "edge")}, in ${file}`],
      [
        "loss",
        `${loss(test.loss)} (${loss(uncalibrated.test.loss)} before scale and shift; whole model ${loss(model.test.loss)})`,
      ],
      ["accuracy", `${percent(test.accuracy)} (whole model ${percent(model.test.accuracy)})`],
      ["measured on", `${counted(test.n, "test example")}; chosen on the dev split only`],
    ],
    paint,
  );
}
