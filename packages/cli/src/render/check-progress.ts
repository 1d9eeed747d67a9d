import type { CheckProgress } from "@filigree/scrubbing";
import { count } from "./numbers.ts";

/** Where a check is, in a line. */
export function checkProgress({ claim, claims, name, rule, done, of }: CheckProgress): string {
  const swaps = of > 1 ? ` ${count(done)} of ${count(of)}` : "";
  return claim === 0 ? `${rule}…` : `claim ${claim} of ${claims}: ${name} (${rule}${swaps})`;
}
