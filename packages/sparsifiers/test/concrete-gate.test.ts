import { randomStream, seed, type RandomStream } from "@filigree/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { drawGate, finalGate, openProbability } from "../src/concrete-gate.ts";

const shape = { temperature: 2 / 3, stretch: 0.1 };
const logAlphas = fc.double({ min: -4.6, max: 4.6, noNaN: true });

/** A stream that gives one number. */
const always = (u: number): RandomStream => ({ ...randomStream(seed(0), "test"), uniform: () => u });

test("a gate is open as often as its probability says", () => {
  for (const logAlpha of [-3, -1, 0, 2]) {
    const random = randomStream(seed(1), `gates/${logAlpha}`);
    const draws = Array.from({ length: 4_000 }, () => drawGate(logAlpha, shape, random).gate);
    const open = draws.filter((gate) => gate > 0).length / draws.length;
    expect(Math.abs(open - openProbability(logAlpha, shape))).toBeLessThan(0.03);
    for (const gate of draws) expect(gate >= 0 && gate <= 1).toBe(true);
  }
});

test("its slope is the derivative of the gate that was drawn", () => {
  fc.assert(
    fc.property(logAlphas, fc.double({ min: 0.001, max: 0.999, noNaN: true }), (logAlpha, u) => {
      const at = (x: number) => drawGate(x, shape, always(u)).gate;
      const { gate, slope } = drawGate(logAlpha, shape, always(u));
      const numeric = (at(logAlpha + 1e-5) - at(logAlpha - 1e-5)) / 2e-5;
      // At the cut the two sides differ.
      fc.pre(gate === 0 || gate === 1 || (gate > 1e-3 && gate < 1 - 1e-3));
      expect(slope).toBeCloseTo(gate === 0 || gate === 1 ? 0 : numeric, 6);
    }),
  );
});

test("no draw is infinite, even at the ends of the unit interval", () => {
  for (const u of [0, 1 - 2 ** -53]) {
    const { gate, slope } = drawGate(0, shape, always(u));
    expect([gate, slope].every(Number.isFinite)).toBe(true);
  }
});

test("the gate without noise is shut and open exactly at the ends", () => {
  expect(finalGate(-2.4, shape)).toBe(0);
  expect(finalGate(-2.3, shape)).toBeGreaterThan(0);
  expect(finalGate(0, shape)).toBeCloseTo(0.5, 12);
  expect(finalGate(2.4, shape)).toBe(1);
});
