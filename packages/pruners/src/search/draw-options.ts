import { InputError, randomStream, type Seed } from "@filigree/core";
import { searchRanges } from "../contract/define-pruner.ts";
import type { Pruner, SearchRange } from "../contract/pruner.ts";
import { PRUNERS } from "../contract/registry.ts";

/** Drawn values are rounded to so many digits: more would only look precise. */
const DIGITS = 3;

/**
 * The options that are searched: those with a range that were not given.
 *
 * @throws InputError where there are none
 */
export function searchedOptions(
  pruner: Pruner,
  given: Readonly<Record<string, unknown>>,
): ReadonlyMap<string, SearchRange> {
  const ranges = searchRanges(pruner);
  const free = new Map([...ranges].filter(([name]) => given[name] === undefined));
  if (free.size > 0) return free;
  const where = `pruner ${pruner.name}`;
  if (ranges.size > 0) {
    throw new InputError({
      what: "all of its options that could be searched are given",
      where,
      expected: `one of ${[...ranges.keys()].join(", ")} left open`,
    });
  }
  const others = PRUNERS.builtIn.filter((other) => searchRanges(other).size > 0).map(({ name }) => name);
  throw new InputError({
    what: "it does not say in which ranges its options can be searched",
    where,
    expected: `a pruner that does, such as ${others.join(", ")}`,
  });
}

/**
 * Values for a trial. They depend on the seed, the pruner's name, the trial's number and the option alone: more trials
 * are the same ones and others, and an option that is given changes no other.
 */
export function drawOptions(
  ranges: ReadonlyMap<string, SearchRange>,
  { seed, pruner, trial }: { readonly seed: Seed; readonly pruner: string; readonly trial: number },
): Record<string, number> {
  const drawn = [...ranges].map(([name, range]) => {
    const uniform = randomStream(seed, `pruners/search/${pruner}/${trial}/${name}`).uniform();
    return [name, valueAt(range, uniform)] as const;
  });
  return Object.fromEntries(drawn);
}

function valueAt({ from, to, scale }: SearchRange, uniform: number): number {
  const value = scale === "log" ? from * (to / from) ** uniform : from + (to - from) * uniform;
  return Math.min(Math.max(Number(value.toPrecision(DIGITS)), from), to);
}
