import type { ClaimVerdict } from "./document.ts";
import type { Evidence, Threshold } from "./statements/evidence.ts";
import type { Interval } from "./statistics/bootstrap.ts";
import { holm } from "./statistics/holm.ts";
import { normalQuantile, normalTail } from "./statistics/normal.ts";

export type Verdict = "supported" | "refuted" | "inconclusive" | "untestable" | "vacuous";

/** A verdict with its reason in words. */
export interface Decision {
  readonly verdict: Verdict;
  readonly why: string;
  /** Of a claim that data refutes: the least alpha at which it would still be refuted. Holm's procedure reads it. */
  readonly p?: number;
}

/** A figure that decides: its threshold, and on which side of it the whole interval lies. */
export interface Bound extends Threshold {
  readonly side: "passes" | "fails" | "straddles";
  /** The rule whose swaps show it. */
  readonly rule?: string;
  /** What was seen of a bound that is not kept, in words. */
  readonly seen?: string;
}

/**
 * Decides by bounds, never by estimates. What the weights prove needs no data. Untestable: the data cannot decide.
 * Refuted: a bound lies wholly on the failing side. Vacuous: it would pass, but so would anything. Inconclusive: a bound
 * straddles its threshold. Supported: every bound lies on the passing side.
 *
 * @param alpha 1 − the coverage of the evidence's intervals
 */
export function decide(evidence: Evidence, alpha: number): Decision {
  if (evidence.proof) return { verdict: evidence.proof.verdict, why: `proven: ${evidence.proof.why}` };
  if (evidence.untestable !== undefined) return { verdict: "untestable", why: evidence.untestable };
  const judged = evidence.requirements.map((requirement) => {
    const interval = evidence.figures[requirement.figure];
    if (!interval) throw new Error(`The claim requires a figure that was not measured: ${requirement.figure}.`);
    return { requirement, interval, side: side(requirement, interval) };
  });
  const failed = judged.filter((j) => j.side === "fails");
  if (failed.length > 0) {
    const { requirement, interval } = failed[0]!;
    const p = Math.min(...failed.map((j) => chanceOf(j.requirement, j.interval, alpha)));
    return { verdict: "refuted", why: `${requirement.otherwise} (${describe(requirement, interval)})`, p };
  }
  if (evidence.vacuous !== undefined) return { verdict: "vacuous", why: evidence.vacuous };
  const open = judged.filter((j) => j.side === "straddles");
  if (open.length > 0) {
    const why = open.map(({ requirement, interval }) => {
      const needed = settlingSize(requirement, interval);
      const more = Number.isFinite(needed)
        ? `about ${needed} examples would settle it`
        : "more examples of other templates would narrow it";
      return `${describe(requirement, interval)} straddles its threshold; ${more}`;
    });
    return { verdict: "inconclusive", why: why.join("; ") };
  }
  const why = judged.map(({ requirement, interval }) => describe(requirement, interval)).join("; ");
  return { verdict: "supported", why };
}

/** The bounds that {@link decide} looks at, in its order. */
export function boundsOf({ figures, requirements, proof, untestable }: Evidence): Bound[] {
  if (proof || untestable !== undefined) return [];
  return requirements.map((requirement) => {
    const { figure, relation, threshold, rule, seen, byEstimate } = requirement;
    const found = side(requirement, figures[figure]!);
    return {
      figure,
      relation,
      threshold,
      side: found,
      ...(rule !== undefined && { rule }),
      ...(seen !== undefined && found !== "passes" && { seen }),
      ...(byEstimate && { byEstimate }),
    };
  });
}

/**
 * Holm's procedure over the refutations of a file: with many claims some bound fails by chance. A refutation that does
 * not survive leaves its claim inconclusive.
 */
export function settleRefutations(verdicts: readonly ClaimVerdict[], alpha: number): readonly ClaimVerdict[] {
  const tested = verdicts.filter(({ bounds }) => bounds.length > 0).length;
  const refuted = verdicts.filter(({ p }) => p !== undefined);
  const stands = holm(
    refuted.map(({ p }) => p!),
    tested,
    alpha,
  );
  const fallen = new Set(refuted.filter((_, i) => !stands[i]));
  return verdicts.map((one) => {
    if (!fallen.has(one)) return one;
    const why = `${one.why}; with ${tested} claims tested this may be chance (Holm: p = ${one.p!.toPrecision(2)})`;
    return { ...one, verdict: "inconclusive", met: meets("inconclusive", one), why };
  });
}

/** Whether a verdict is what the file expects. Of a rival's claim nothing is expected, unless the file says so. */
export function meets(verdict: Verdict, { expected, rival }: Pick<ClaimVerdict, "expected" | "rival">): boolean {
  if (rival !== undefined && expected === "supported") return true;
  return expected === "not supported" ? verdict !== "supported" : verdict === expected;
}

function side({ relation, threshold, byEstimate }: Threshold, { estimate, low, high }: Interval): Bound["side"] {
  // Not a number: nothing was measured, so nothing passes.
  if (Number.isNaN(low) || Number.isNaN(high)) return "straddles";
  if (byEstimate) {
    if (relation === "<=" ? estimate <= threshold : estimate >= threshold) return "passes";
  }
  if (relation === "<=") return high <= threshold ? "passes" : low > threshold ? "fails" : "straddles";
  return low >= threshold ? "passes" : high < threshold ? "fails" : "straddles";
}

function describe({ figure, relation, threshold }: Threshold, { estimate, low, high }: Interval): string {
  const sign = relation === "<=" ? "≤" : "≥";
  return `${figure} ${number(estimate)} [${number(low)}, ${number(high)}], wanted ${sign} ${number(threshold)}`;
}

function number(value: number): string {
  return Number.isFinite(value) ? String(Math.round(value * 1000) / 1000) : "undefined";
}

/**
 * The least two-sided alpha at which a bound that failed would still fail: the distance from estimate to bound is taken
 * as that of a normal distribution.
 */
function chanceOf({ relation, threshold }: Threshold, { estimate, low, high }: Interval, alpha: number): number {
  const width = relation === "<=" ? estimate - low : high - estimate;
  if (width <= 0) return 0;
  const deviation = width / -normalQuantile(alpha / 2);
  return 2 * normalTail(Math.abs(estimate - threshold) / deviation);
}

/** Intervals narrow with the root of n: the n at which the bound would leave the threshold, if the estimate stays. */
function settlingSize({ relation, threshold }: Threshold, { estimate, low, high, n }: Interval): number {
  const passing = relation === "<=" ? estimate <= threshold : estimate >= threshold;
  const bound = (relation === "<=") === passing ? high : low;
  return Math.ceil(n * (Math.abs(bound - estimate) / Math.abs(threshold - estimate)) ** 2);
}
