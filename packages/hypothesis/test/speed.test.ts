import { expect, test } from "vitest";
import { checkCircuit, parseCircuit } from "../src/index.ts";
import { environment } from "./quote-environment.ts";

const lines = (i: number): string[] => [
  `let part${i} = attn L1 head ${i % 4} + mlp L0 neurons 3, ${i % 64}`,
  `part${i} at opener carries quote type  expect r <= 10%, transfer >= 40%`,
  `attn L1 head 3 copies quote type from opener to last via v  expect transfer >= 40%`,
  `attn L1 head 3 attends from last to opener  expect mass >= 0.5  // why`,
  `mlp L0 neurons 18, 19 ignores string body when length() > ${i} and token(last) != "x"`,
];

test("a file of 1,000 lines is read and checked in a moment", () => {
  const text = Array.from({ length: 200 }, (_, i) => lines(i))
    .flat()
    .join("\n");
  const times = Array.from({ length: 12 }, () => {
    const before = performance.now();
    const { tree, diagnostics } = parseCircuit(text, "x");
    const checked = checkCircuit(tree, environment);
    expect([...diagnostics, ...checked.diagnostics]).toEqual([]);
    return performance.now() - before;
  });
  // `npm run bench -- language` measures it; this only catches what grows faster than the file, on a busy machine too.
  expect(Math.min(...times)).toBeLessThan(500);
});

test("time grows with the size of the file, not with its square", () => {
  const text = `${"attn L99 carries §\n".repeat(20_000)}`;
  const before = performance.now();
  const { tree, diagnostics } = parseCircuit(text, "x");
  checkCircuit(tree, environment);
  expect(diagnostics.length).toBeGreaterThanOrEqual(20_000);
  expect(performance.now() - before).toBeLessThan(20_000);
});
