import type { Statement } from "@filigree/hypothesis";

/**
 * What a report shows of a claim beside its verdict: texts of prompts, and what the swaps of each rule did. Plain data,
 * equal for equal runs, and small however many swaps there were.
 */
export interface ClaimDetails {
  /** The claim's name. */
  readonly claim: string;
  readonly kind: Statement["kind"];
  /** Where the statement begins in its line, counted from 1. */
  readonly column: number;
  /** The rival hypothesis that the claim belongs to. */
  readonly rival?: string;
  /** The sites that it is about, by what part each plays. */
  readonly sites: readonly SiteGroup[];
  /** In the order in which they were run. */
  readonly rules: readonly RuleDetails[];
  /** The worst of the swaps that the claim says change nothing, as the verdict has them. */
  readonly worst: readonly ShownSwap[];
}

/** Sites that play one part in a claim. */
export interface SiteGroup {
  /** `sites`, `from`, `through`, an input of `computes`, … */
  readonly role: string;
  /** Hook names with channels and position: `1.attn.v 16-31 at opener`. */
  readonly sites: readonly string[];
}

/** What the swaps of one rule did to the answers. */
export interface RuleDetails {
  /** As traces and progress name it: `NE(quote type)`, `v EQ(quote type)`, `outside ← ANY`. */
  readonly rule: string;
  readonly swaps: number;
  /** Swaps that wrote what was there already. */
  readonly identical: number;
  /** Swaps after which the model answers something else. */
  readonly changed: number;
  /** How many swaps have a divergence in each of the {@link DIVERGENCE_EDGES}' intervals. */
  readonly histogram: readonly number[];
  /** The largest divergences first. */
  readonly most: readonly ShownSwap[];
  /** The smallest divergences first. */
  readonly least: readonly ShownSwap[];
}

/** A swap as a person reads it. */
export interface ShownSwap {
  readonly reference: ShownPrompt;
  readonly donor: ShownPrompt;
  /** Rows of attention that alone see the donor's values, where the swap goes along a path. Tokens of the reference. */
  readonly rows: readonly number[];
  readonly before: ShownAnswer;
  readonly after: ShownAnswer;
  /** KL of the answers, nats; for numbers the squared difference. */
  readonly divergence: number;
}

export interface ShownPrompt {
  /** Index of the task's example. */
  readonly example: number;
  /** The text of each token. */
  readonly tokens: readonly string[];
  /** Tokens at which values are replaced; of a donor, those that they come from. Ascending. */
  readonly swapped: readonly number[];
  /** The token at which the answer is read. */
  readonly answerAt: number;
}

/** What a run answers. */
export interface ShownAnswer {
  readonly text: string;
  /** Among the possible answers; absent for a number. */
  readonly probability?: number;
}

/**
 * Where the intervals of a histogram of divergences end, in nats: two to a factor of ten. The first interval begins at
 * 0, and a last one holds what is larger. The same for every claim, so that histograms can be compared.
 */
export const DIVERGENCE_EDGES: readonly number[] = [
  1e-6, 3e-6, 1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1, 3, 10,
];
