import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InputError, randomStream, seed } from "../src/index.ts";

const seeds = fc.integer({ min: 0, max: 0xffffffff }).map(seed);
const draw = (count: number, from: () => number) => Array.from({ length: count }, from);

test("the same seed and name give the same numbers, whatever else was drawn", () => {
  fc.assert(
    fc.property(seeds, fc.string(), (chosen, name) => {
      const alone = randomStream(chosen, name);
      const expected = [...draw(5, alone.uniform), ...draw(3, alone.normal), alone.integer(100)];
      const again = randomStream(chosen, name);
      const beside = randomStream(chosen, `${name}/other`);
      const got = [...draw(5, () => (beside.uniform(), again.uniform())), ...draw(3, again.normal), again.integer(100)];
      expect(got).toEqual(expected);
    }),
  );
});

test("other names and other seeds give other numbers", () => {
  const first = new Set<number>();
  for (let number = 0; number < 40; number++) {
    for (const name of ["a", "b", "aa", "tasks/1", "tasks/2", "1/a", ""]) {
      first.add(randomStream(seed(number), name).uniform());
    }
  }
  expect(first.size).toBe(40 * 7);
});

test("the first numbers of streams never change: files made with a seed depend on them", () => {
  const stream = randomStream(seed(0), "golden");
  expect(draw(3, stream.uniform)).toEqual([0.03331210755611613, 0.043027182299867794, 0.9861356932564139]);
  expect(draw(3, stream.normal)).toEqual([0.8327590976254541, 0.8167139147461726, 0.28555708372766503]);
  expect(draw(8, () => stream.integer(1000))).toEqual([921, 859, 147, 696, 119, 416, 727, 402]);
  expect(stream.shuffle([0, 1, 2, 3, 4, 5, 6, 7])).toEqual([4, 0, 7, 1, 3, 2, 6, 5]);
  expect(stream.sample([0, 1, 2, 3, 4, 5, 6, 7], 3)).toEqual([7, 5, 3]);
  expect(randomStream(seed(4294967295), "pruners/learned-mask/init").uniform()).toEqual(0.8535077807519028);
});

describe("the distribution", () => {
  const N = 20_000;

  test("of uniform is even over [0, 1)", () => {
    const values = draw(N, randomStream(seed(1), "uniform").uniform);
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
    const counts = Array.from({ length: 10 }, () => 0);
    for (const value of values) counts[Math.floor(value * 10)]!++;
    // 2,000 expected in each tenth, standard deviation 42.
    for (const count of counts) expect(Math.abs(count - N / 10)).toBeLessThan(220);
  });

  test("of normal has mean 0, variance 1 and the right share within one and two deviations", () => {
    const values = draw(N, randomStream(seed(2), "normal").normal);
    const mean = values.reduce((sum, value) => sum + value, 0) / N;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / N;
    const within = (limit: number) => values.filter((value) => Math.abs(value) < limit).length / N;
    expect(Math.abs(mean)).toBeLessThan(0.035);
    expect(Math.abs(variance - 1)).toBeLessThan(0.05);
    expect(Math.abs(within(1) - 0.6827)).toBeLessThan(0.017);
    expect(Math.abs(within(2) - 0.9545)).toBeLessThan(0.008);
  });

  test("of integer reaches every number below the limit and no other", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 1, max: 12 }), (chosen, below) => {
        const stream = randomStream(chosen, "integer");
        const seen = new Set(draw(400, () => stream.integer(below)));
        expect([...seen].sort((a, b) => a - b)).toEqual(Array.from({ length: below }, (_, i) => i));
      }),
    );
  });

  test("of shuffle gives every order of three about equally often", () => {
    const stream = randomStream(seed(3), "shuffle");
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = stream.shuffle(["a", "b", "c"]).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
  });
});

test("shuffle and sample keep the elements and leave the given array alone", () => {
  fc.assert(
    fc.property(
      seeds,
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.integer({ min: 0, max: 25 }),
      (chosen, items, count) => {
        const given = items.slice();
        const stream = randomStream(chosen, "items");
        expect(stream.shuffle(items).sort((a, b) => a - b)).toEqual(given.slice().sort((a, b) => a - b));
        const tagged = items.map((item, index) => ({ item, index }));
        const sample = stream.sample(tagged, count);
        expect(sample).toHaveLength(Math.min(count, items.length));
        expect(new Set(sample.map(({ index }) => index)).size).toBe(sample.length);
        expect(items).toEqual(given);
      },
    ),
  );
});

test("a seed is a whole number of 32 bits", () => {
  for (const wrong of [-1, 0.5, 2 ** 32, NaN, Infinity]) {
    expect(() => seed(wrong)).toThrow(InputError);
    expect(() => seed(wrong)).toThrow(/is not a seed[^]*0 to 4294967295/);
  }
  expect(seed(4294967295)).toBe(4294967295);
});
