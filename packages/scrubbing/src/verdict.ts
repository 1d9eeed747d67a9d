import type { ExpectedVerdict } from "@filigree/hypothesis";
import type { Evidence, Requirement } from "./statements/evidence.ts";
import type { Interval } from "./statistics/bootstrap.ts";

export type Verdict = "supported" | "refuted" | "inconclusive" | "untestable" | "vacuous";

/** A verdict with its reason in words. */
export interface Decision {
  readonly verdict: Verdict;
  readonly why: string;
}

/**
 * Decides by bounds, never by estimates. Untestable: the data cannot decide. Refuted: a bound lies wholly on the
 * failing side. Vacuous: it would pass, but so would anything. Inconclusive: a bound straddles its threshold.
 * Supported: every bound lies on the passing side.
 */
export function decide(evidence: Evidence): Decision {
  if (evidence.untestable !== undefined) return { verdict: "untestable", why: evidence.untestable };
  const judged = evidence.requirements.map((requirement) => {
    const interval = evidence.figures[requirement.figure];
    if (!interval) throw new Error(`The claim requires a figure that was not measured: ${requirement.figure}.`);
    return { requirement, interval, side: side(requirement, interval) };
  });
  const failed = judged.find((j) => j.side === "fails");
  if (failed) {
    const { requirement, interval } = failed;
    return { verdict: "refuted", why: `${requirement.otherwise} (${describe(requirement, interval)})` };
  }
  if (evidence.vacuous !== undefined) return { verdict: "vacuous", why: evidence.vacuous };
  const open = judged.filter((j) => j.side === "straddles");
  if (open.length > 0) {
    const why = open.map(({ requirement, interval }) => {
      const needed = settlingSize(requirement, interval);
      const more = Number.isFinite(needed) ? `; about ${needed} examples would settle it` : "";
      return `${describe(requirement, interval)} straddles its threshold${more}`;
    });
    return { verdict: "inconclusive", why: why.join("; ") };
  }
  const why = judged.map(({ requirement, interval }) => describe(requirement, interval)).join("; ");
  return { verdict: "supported", why };
}

/** Whether a verdict is what the file expects. */
export function meets(verdict: Verdict, expected: ExpectedVerdict): boolean {
  return expected === "not supported" ? verdict !== "supported" : verdict === expected;
}

function side({ relation, threshold }: Requirement, { low, high }: Interval): "passes" | "fails" | "straddles" {
  // Not a number: nothing was measured, so nothing passes.
  if (Number.isNaN(low) || Number.isNaN(high)) return "straddles";
  if (relation === "<=") return high <= threshold ? "passes" : low > threshold ? "fails" : "straddles";
  return low >= threshold ? "passes" : high < threshold ? "fails" : "straddles";
}

function describe({ figure, relation, threshold }: Requirement, { estimate, low, high }: Interval): string {
  const sign = relation === "<=" ? "≤" : "≥";
  return `${figure} ${number(estimate)} [${number(low)}, ${number(high)}], wanted ${sign} ${number(threshold)}`;
}

function number(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value * 1000) / 1000) : "undefined";
}

/** Intervals narrow with the root of n: the n at which the bound would leave the threshold, if the estimate stays. */
function settlingSize({ relation, threshold }: Requirement, { estimate, low, high, n }: Interval): number {
  const passing = relation === "<=" ? estimate <= threshold : estimate >= threshold;
  const bound = (relation === "<=") === passing ? high : low;
  return Math.ceil(n * (Math.abs(bound - estimate) / Math.abs(threshold - estimate)) ** 2);
}
