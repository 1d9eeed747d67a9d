import type { Measurement } from "../model/measure-runs.ts";
import { bytes, count } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { pairs } from "./table.ts";

/** Times of passes, for a person. */
export function renderMeasurement(measurement: Measurement, paint: Paint): string {
  const [median, min, max] = measurement.milliseconds.map((ms) => ms.toFixed(1));
  return pairs(
    [
      ["speed", `${count(measurement.tokensPerSecond)} tokens/s`],
      ["a pass", `${median} ms (${min} to ${max})`],
      ["peak memory", bytes(measurement.peakMemoryBytes)],
    ],
    paint,
  );
}
