import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const script = fileURLToPath(new URL("plain-node/gradients.mjs", import.meta.url));

test("under plain node every operation has its gradient, nothing leaks, and tfjs prints no banner", async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [script]);
  expect(stderr).toBe("");
  expect(stdout.trim().split("\n")).toHaveLength(1);
  const { report, tensorsLeft } = JSON.parse(stdout) as { report: Record<string, number>; tensorsLeft: number };
  expect(Object.keys(report)).toHaveLength(36);
  // Second-order central differences in float32, steps of 0.01.
  expect(Object.entries(report).filter(([, difference]) => !(difference < 2e-3))).toEqual([]);
  expect(tensorsLeft).toBe(0);
});
