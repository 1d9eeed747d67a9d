import { uniformFloat64 } from "pure-rand/distribution/uniformFloat64";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { InputError } from "@filigree/sites";

declare const seedBrand: unique symbol;

/** The one number that a run's random choices come from. */
export type Seed = number & { readonly [seedBrand]: "Seed" };

/** @throws InputError unless `value` is a whole number from 0 to 2³² − 1. */
export function seed(value: number): Seed {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
    throw new InputError({ what: `${value} is not a seed`, expected: "a whole number from 0 to 4294967295" });
  }
  return value as Seed;
}

/** A sequence of random numbers that depends on nothing but its seed and its name. */
export interface RandomStream {
  /** In [0, 1), 53 bits. */
  uniform(): number;
  /** Mean 0, variance 1. */
  normal(): number;
  /** A whole number in [0, below). */
  integer(below: number): number;
  /** A new array with the same elements in random order. */
  shuffle<T>(items: readonly T[]): T[];
  /** `count` different elements in random order; all of them when there are fewer. */
  sample<T>(items: readonly T[], count: number): T[];
}

/**
 * The stream called `name` of a seed. Streams of different names are independent, so a new random choice somewhere
 * never shifts the choices elsewhere.
 */
export function randomStream(seed: Seed, name: string): RandomStream {
  const generator = xoroshiro128plus(mix(`${seed}/${name}`));
  const integer = (below: number) => uniformInt(generator, 0, below - 1);
  let spare: number | undefined;
  return {
    uniform: () => uniformFloat64(generator),
    integer,
    normal() {
      // Marsaglia's polar method gives two at a time.
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      for (;;) {
        const u = 2 * uniformFloat64(generator) - 1;
        const v = 2 * uniformFloat64(generator) - 1;
        const s = u * u + v * v;
        if (s === 0 || s >= 1) continue;
        const factor = Math.sqrt((-2 * Math.log(s)) / s);
        spare = v * factor;
        return u * factor;
      }
    },
    shuffle: (items) => partialShuffle(items, items.length, integer),
    sample: (items, count) => partialShuffle(items, Math.min(count, items.length), integer),
  };
}

/** The first `count` steps of a Fisher–Yates shuffle. */
function partialShuffle<T>(items: readonly T[], count: number, integer: (below: number) => number): T[] {
  const all = items.slice();
  for (let i = 0; i < count; i++) {
    const j = i + integer(all.length - i);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all.slice(0, count);
}

/** FNV-1a with a final avalanche: neighbouring names must not give neighbouring generator states. */
function mix(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
