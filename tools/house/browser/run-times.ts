import { runModel, type Model } from "@filigree/core";

/** Runs one row of tokens once, and then several times more: the logits, and how long each further run took. */
export function runTimes(
  model: Model,
  ids: readonly number[],
  times: number,
): { values: Float32Array<ArrayBuffer>; runMilliseconds: readonly number[] } {
  const tokens = { ids: Int32Array.from(ids), batch: 1, seq: ids.length };
  const runMilliseconds: number[] = [];
  let values = new Float32Array();
  for (let i = 0; i <= times; i++) {
    const begun = performance.now();
    const logits = runModel(model, tokens);
    values = new Float32Array(logits.dataSync<"float32">());
    logits.dispose();
    if (i > 0) runMilliseconds.push(performance.now() - begun);
  }
  return { values, runMilliseconds };
}
