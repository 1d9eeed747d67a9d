import type * as tf from "@tensorflow/tfjs-core";
import { runModel, siteWidth, type Model, type SiteName } from "@filigree/core";
import type { ExampleBatch } from "@filigree/tasks";
import type { ActivationStatistics } from "../contract/pruner.ts";

/** Mean and standard deviation of a site's channels in the whole model, over all tokens of some examples. */
export function siteStatistics(model: Model, site: SiteName, batches: readonly ExampleBatch[]): ActivationStatistics {
  const width = siteWidth(model.config, site);
  const [sums, squares] = [new Float64Array(width), new Float64Array(width)];
  let tokens = 0;
  for (const { batch, examples } of batches) {
    const edit = (at: SiteName, value: tf.Tensor2D) => {
      if (at === site) addColumns(value, sums, squares, isRead);
      return value;
    };
    // Shorter sequences are filled up: only what an example holds counts.
    const isRead = (column: number) => {
      return column % batch.seq < examples[Math.floor(column / batch.seq)]!.ids.length;
    };
    runModel(model, batch, { edit, readout: Int32Array.of(0) }).dispose();
    tokens += examples.reduce((n, { ids }) => n + ids.length, 0);
  }
  const mean = Float32Array.from(sums, (sum) => sum / tokens);
  const deviation = Float32Array.from(squares, (square, c) =>
    Math.sqrt(Math.max(0, square / tokens - (sums[c]! / tokens) ** 2)),
  );
  return { mean, deviation };
}

function addColumns(
  value: tf.Tensor2D,
  sums: Float64Array,
  squares: Float64Array,
  isRead: (column: number) => boolean,
): void {
  const [channels, columns] = value.shape;
  const data = value.dataSync<"float32">();
  for (let c = 0; c < channels; c++) {
    for (let n = 0; n < columns; n++) {
      if (!isRead(n)) continue;
      const x = data[c * columns + n]!;
      sums[c]! += x;
      squares[c]! += x * x;
    }
  }
}
