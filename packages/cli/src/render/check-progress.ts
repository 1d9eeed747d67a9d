import type { ChecksProgress } from "../model/check-files.ts";
import { count } from "./numbers.ts";

/** Where a check is, in a line. */
export function checkProgress({ claim, name, rule, done, of, finished, total }: ChecksProgress): string {
  const swaps = of > 1 ? ` ${count(done)} of ${count(of)}` : "";
  const now = claim === 0 ? `${rule}…` : `${name} (${rule}${swaps})`;
  return `${count(finished)} of ${count(total)} claims done: ${now}`;
}
