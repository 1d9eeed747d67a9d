import { expect, test } from "vitest";
import { Progress } from "../../src/render/progress.ts";
import { skippedFiles, trainingProgress } from "../../src/render/training.ts";
import { capture } from "../capture.ts";

const AT_WORK = { phase: "training", loss: 3.5, rate: 0.01, gradientRms: 1e-4, density: 0.04, steps: 4000 } as const;
const report = (step: number, more: { heldOut?: number } = {}) =>
  ({ ...AT_WORK, step, tokensPerSecond: 7123.4, secondsLeft: 754.2, ...more }) as const;

test("says where a run is, and keeps the last held-out loss", () => {
  const describe = trainingProgress();
  expect(describe({ phase: "reading" })).toBe("reading…");
  expect(describe(report(249))).toBe(
    "step 249 of 4,000 · 12 min 34 s left · loss 3.500 · 7,123 tokens/s · 4.0 % of the weights",
  );
  expect(describe(report(250, { heldOut: 3.61 }))).toContain("loss 3.500 · held out 3.610 ·");
  expect(describe(report(251))).toContain("loss 3.500 · held out 3.610 ·");
});

test("elsewhere than on a terminal, there is a plain line now and then", () => {
  let now = 0;
  const log = capture({ isTerminal: false, columns: 20 });
  const progress = new Progress(log, () => now);
  const describe = trainingProgress();
  for (let step = 1; step <= 4000; step++) {
    now += 10;
    progress.update(describe(report(step)));
  }
  progress.end();
  const lines = log.text().split("\n");
  expect(lines.map((line) => /^step ([\d,]+) of 4,000/u.exec(line)?.[1])).toEqual([
    "100",
    "1,100",
    "2,100",
    "3,100",
    undefined,
  ]);
  for (const control of ["\r", "\u001B"]) expect(log.text()).not.toContain(control);
});

test("files that are left out are named, the first of many", () => {
  expect(skippedFiles(["a.py"])).toBe("note: left out, because not UTF-8 text: 1 file\n  a.py");
  const many = skippedFiles(Array.from({ length: 1023 }, (_, i) => `f${i}.py`)).split("\n");
  expect(many).toHaveLength(22);
  expect([many[0], many[20], many[21]]).toEqual([
    "note: left out, because not UTF-8 text: 1,023 files",
    "  f19.py",
    "  and 1,003 more",
  ]);
});
