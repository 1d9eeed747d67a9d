import * as fc from "fast-check";
import { expect, test } from "vitest";
import { curvesPage } from "../../src/curves/curves-page.ts";
import type { MetricsLine } from "../../src/index.ts";

function lines(count: number): MetricsLine[] {
  return Array.from({ length: count }, (_, i): MetricsLine => {
    const line = { step: 10 * (i + 1), loss: 5 / (i + 1), rate: 0.01, density: 1 - i / (2 * count), gradientRms: 1e-4 };
    return i % 10 === 9 ? { ...line, heldOut: 6 / (i + 1), deadNeurons: i / 1000, nonzeros: 12_345 } : line;
  });
}

/** What a reader of the page hears, or sees in a table. */
function labels(page: string): string[] {
  return [...page.matchAll(/aria-label="([^"]*)"/gu)].map(([, text]) => text!);
}

test("is one page by itself: no scripts, nothing from elsewhere, one chart for each measure", () => {
  const page = curvesPage({ name: 'a "<b>" & c', step: 300, steps: 500, lines: lines(30) });
  expect(page).not.toMatch(/<script|<link|<img|url\(|@import|https?:/u);
  expect(page).toContain("<h1>a &quot;&lt;b&gt;&quot; &amp; c</h1>");
  expect(labels(page)).toEqual([
    "Loss. training, single batches: 5 at step 10, 0.1667 at step 300. held-out texts: 0.6 at step 100, 0.2 at step 300.",
    expect.stringMatching(/^Density\. density: 100 % at step 10, 51\.\d % at step 300\.$/u),
    "Dead neurons. dead neurons: 0.9 % at step 100, 2.9 % at step 300.",
    "Learning rate. learning rate: 0.01 at step 10, 0.01 at step 300.",
    "Gradient. gradient: 1e-4 at step 10, 1e-4 at step 300.",
  ]);
  expect(page).toContain("<td>300</td><td>0.2000</td>");
  expect(page).toContain("12,345");
});

test("tells the two losses apart without colours", () => {
  const page = curvesPage({ name: "x", step: 300, steps: 300, lines: lines(30) });
  const loss = page.slice(page.indexOf("<figure"), page.indexOf("</figure>"));
  expect(loss).toMatch(/class="thin"[^]*training, single batches/u);
  expect([...loss.matchAll(/<circle[^>]*><title>/gu)]).toHaveLength(3);
});

test("loads itself again only while the run goes on", () => {
  const refresh = 'http-equiv="refresh"';
  expect(curvesPage({ name: "x", step: 10, steps: 20, lines: lines(1) })).toContain(refresh);
  expect(curvesPage({ name: "x", step: 20, steps: 20, lines: lines(2) })).not.toContain(refresh);
});

test("says so where nothing is measured yet", () => {
  const page = curvesPage({ name: "x", step: 0, steps: 20, lines: [] });
  expect([...page.matchAll(/not measured yet<\/text>/gu)]).toHaveLength(5);
});

test("stays small, however long the run", () => {
  expect(curvesPage({ name: "x", step: 200_000, steps: 200_000, lines: lines(20_000) }).length).toBeLessThan(100_000);
});

test("draws within the picture, whatever the numbers", () => {
  const value = fc.oneof(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constantFrom(0, 1e-12, 1));
  const line = fc.record({ loss: value, rate: value, density: value, gradientRms: value, heldOut: value });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (values) => {
      const measured = values.map((line, i) => ({ step: i + 1, deadNeurons: 0.5, nonzeros: 1, ...line }));
      const page = curvesPage({ name: "x", step: 12, steps: 12, lines: measured });
      expect(page).not.toMatch(/NaN|Infinity|undefined/u);
      for (const [, path] of page.matchAll(/class="(?:thin|marked)" d="M([^"]*)"\/>(?!<\/svg|<circle cx="12")/gu)) {
        for (const [, y] of path!.matchAll(/ (-?[\d.]+)(?:L|$)/gu)) {
          expect(Number(y)).toBeGreaterThanOrEqual(0);
          expect(Number(y)).toBeLessThanOrEqual(190);
        }
      }
    }),
  );
});
