import { checkPlugin, describedOptions, InputError } from "@filigree/core";
import {
  PRUNER_API_VERSION,
  type Pruner,
  type ScoringPruner,
  type SearchRange,
  type SteppingPruner,
} from "./pruner.ts";

/**
 * Checks a pruner and freezes it.
 *
 * @throws InputError for another version of the contract, or a part that is missing
 */
export function definePruner<Options, State>(pruner: SteppingPruner<Options, State>): SteppingPruner;
export function definePruner<Options>(pruner: ScoringPruner<Options>): ScoringPruner;
export function definePruner<Options, State>(pruner: Pruner<Options, State>): Pruner {
  const checked = checkPruner(pruner, `pruner "${String(pruner.name)}"`);
  return Object.freeze({ ...checked });
}

/** A value from elsewhere, if it is a pruner. @param where for the message */
export function checkPruner(value: unknown, where: string): Pruner {
  const shape = { word: "pruner", madeBy: "definePruner", apiVersion: PRUNER_API_VERSION };
  const pruner = checkPlugin(value, where, shape) as SteppingPruner & ScoringPruner;
  const fail = (what: string): never => {
    throw new InputError({ what, where, expected: "score, or init, step and finish" });
  };
  const steps = (["init", "step", "finish"] as const).filter((hook) => typeof pruner[hook] === "function");
  const scores = typeof pruner.score === "function";
  if (scores && steps.length > 0) fail("it has both score and steps");
  if (!scores && steps.length < 3) fail("a part is missing");
  checkSearch(pruner, where);
  return pruner;
}

/** The options that can be searched, each with its range. */
export function searchRanges({ search }: Pruner): ReadonlyMap<string, SearchRange> {
  return new Map(Object.entries((search ?? {}) as Readonly<Record<string, SearchRange>>));
}

/** @throws InputError for a range without numbers in it, or of an option that there is not or that refuses its ends */
function checkSearch(pruner: Pruner, where: string): void {
  const options = describedOptions(pruner.options);
  for (const [name, range] of searchRanges(pruner)) {
    const { from, to, scale } = (range ?? {}) as SearchRange;
    const isScale = scale === "linear" || (scale === "log" && from > 0);
    const option = options[name];
    const known = Object.keys(options).length === 0 || (option?.allows(from) && option.allows(to));
    if (Number.isFinite(from) && Number.isFinite(to) && from < to && isScale && known) continue;
    throw new InputError({
      what: `it cannot search its option "${name}" as ${JSON.stringify(range)} says`,
      where,
      expected: `from and to that the option allows, the lower one first, and scale "linear", or "log" above 0`,
    });
  }
}
