// Our side of a case, in a process of its own: node measure.mjs KIND ARGUMENTS(JSON). Answers questions on stdin with
// lines on stdout: {seconds} → {milliseconds: [of each pass]}, {profile: true} → what a pass spends where.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import * as tf from "@tensorflow/tfjs-core";
import { profileKernels } from "@filigree/kernels";
import { forwardBounds, measureRates } from "./roofline.mjs";
import { loadModel, runModel } from "@filigree/core";

const [kind, text] = process.argv.slice(2);
const given = JSON.parse(text);
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);

const begun = performance.now();
const model = given.directory ? await loadModel(given.directory) : undefined;
const loading = performance.now() - begun;

if (kind === "load") say({ milliseconds: [loading], peakMemoryBytes: peak() });
else if (kind === "language") {
  const { languagePass } = await import("./language-pass.mjs");
  say({ milliseconds: [languagePass(given.lines)], peakMemoryBytes: peak() });
} else {
  const { pass, extra } = await prepare();
  pass();
  pass();
  say({ ready: true, ...extra });
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    if (question.profile) say(profile(pass));
    else say({ milliseconds: timed(pass, question.seconds), peakMemoryBytes: peak() });
  }
}

async function prepare() {
  // What only one kind needs is loaded for that kind, so as not to count in the memory of the others.
  if (kind === "train") {
    const { trainingStep } = await import("./training-step.mjs");
    return { pass: await trainingStep(given.train) };
  }
  const rows = JSON.parse(readFileSync(given.tokens, "utf8"));
  const tokens = { ids: Int32Array.from(rows.flat()), batch: rows.length, seq: rows[0].length };
  if (kind === "circuit") {
    const { circuitPass } = await import("./circuit-pass.mjs");
    return { pass: circuitPass(model, tokens, given.nodes) };
  }
  if (kind === "prune") {
    const { pruneStep } = await import("./prune-step.mjs");
    return { pass: await pruneStep(model, tokens) };
  }
  const pass = () => runModel(model, tokens).dispose();
  // The last token's logits, for the peer to compare.
  const logits = runModel(model, tokens);
  const [outputs, columns] = logits.shape;
  const values = logits.dataSync();
  const last = Array.from({ length: outputs }, (_, output) => values[output * columns + columns - 1]);
  logits.dispose();
  return { pass, extra: { last } };
}

/** Milliseconds of each pass, for so many seconds and at least three passes. */
function timed(pass, seconds) {
  const times = [];
  const end = performance.now() + 1000 * seconds;
  while (times.length < 3 || performance.now() < end) {
    const start = performance.now();
    pass();
    times.push(performance.now() - start);
  }
  return times;
}

/** The kernels of the fastest of some passes, and for a forward pass how far they are from what bounds them. */
function profile(pass) {
  let best;
  for (let i = 0; i < 9; i++) {
    const start = performance.now();
    const kernels = profileKernels(pass);
    const whole = performance.now() - start;
    if (!best || whole < best.whole) best = { whole, kernels: Object.fromEntries(kernels) };
  }
  if (kind !== "forward") return best;
  const rows = JSON.parse(readFileSync(given.tokens, "utf8"));
  const rates = tf.tidy(measureRates);
  return { ...best, rates, operations: forwardBounds(model, rows.length, rows[0].length, rates, best) };
}

function peak() {
  return process.resourceUsage().maxRSS * 1024;
}
