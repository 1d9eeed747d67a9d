import type { NodeMask, RandomStream } from "@filigree/core";
import type { Claim, Settings } from "@filigree/hypothesis";
import type { ClaimData } from "../claim-data.ts";
import type { Evaluate } from "../data/evaluate.ts";
import type { CircuitOutcome } from "../engine/circuit-swap.ts";
import type { CleanRuns } from "../engine/clean-runs.ts";
import type { ModelEdge } from "../engine/model-edges.ts";
import type { Swap, SwapOutcome, SwapRunOptions } from "../engine/swaps.ts";
import type { Interval, Sample } from "../statistics/bootstrap.ts";
import type { Verdict } from "../verdict.ts";

/** A figure and what is asked of it. */
export interface Threshold {
  /** Name in `figures`. */
  readonly figure: string;
  readonly relation: ">=" | "<=";
  readonly threshold: number;
  /**
   * Set where the estimate, not the bound, must lie on the passing side: of a subset of the swaps, which is too small for
   * a bound to pass. What fails is the bound, as everywhere.
   */
  readonly byEstimate?: true;
}

/** A bound that a figure must keep for the claim to be supported. */
export type Requirement = Threshold &
  Shown & {
    /** What it means when the bound is broken, for the reader of a refutation. */
    readonly otherwise: string;
  };

/** What reports show of a bound that is broken: a reader must never be left with the figure alone. */
type Shown =
  | {
      /** The rule whose swaps show it: how many answers they changed, and the clearest of them. */
      readonly rule: string;
      /** What else was seen, in words. */
      readonly seen?: string;
    }
  | {
      readonly rule?: never;
      /** What was seen, in words, where no count of changed answers tells it. */
      readonly seen: string;
    };

/** What nonzero weights alone decide. */
export interface Proof {
  readonly verdict: "supported" | "refuted" | "vacuous";
  readonly why: string;
}

/** A comparison beside the claim: a null, an ablation, one head's part. Reported; what it decides is in `vacuous`. */
export interface Control {
  readonly name: string;
  readonly figures: Readonly<Record<string, Interval>>;
  /** What the claim comes to under the control, where it was tested there. */
  readonly verdict?: Verdict;
}

/** All that the checks of one claim found. */
export interface Evidence {
  readonly figures: Readonly<Record<string, Interval>>;
  readonly requirements: readonly Requirement[];
  /** Set where the weights decide, whatever the data is. */
  readonly proof?: Proof;
  /** Why the data cannot decide, where it cannot. */
  readonly untestable?: string;
  /** Why support would mean nothing, where it would. */
  readonly vacuous?: string;
  readonly controls: readonly Control[];
  /** The swaps that the claim says change nothing: the worst of them are shown. */
  readonly invariant: readonly SwapOutcome[];
  /** Remarks for the reader, such as how many invariant swaps wrote what was there already. */
  readonly notes: readonly string[];
}

/** What a statement is checked with. */
export interface ClaimContext extends ClaimData {
  readonly clean: CleanRuns;
  readonly settings: Settings;
  readonly valueOf: Evaluate;
  /** Nothing is run: swaps are counted, and come out as if they had changed nothing. */
  readonly dry?: boolean;
  /** Whether norms keep the scales of the references' undisturbed runs. */
  readonly normsHeld: boolean;
  /** The claims that `circuit` unites, where the claim is about it. */
  readonly united: readonly Claim[];
  /** The claim's own random stream of that name. */
  random(name: string): RandomStream;
  /** Runs swaps under a rule's name, for trace and progress. */
  run(rule: string, swaps: readonly Swap[], options?: SwapRunOptions): Promise<SwapOutcome[]>;
  /** Counts sequences that went through the model outside `run`, and lets others have a turn on the thread. */
  ran(sequences: number): Promise<void>;
  /** Reports outcomes that did not come from `run` to the trace. */
  trace(rule: string, outcomes: readonly CircuitOutcome[], replaced: NodeMask, cut?: readonly ModelEdge[]): void;
  /** Reports progress inside a rule. */
  progress(rule: string, done: number, of: number): void;
  /** A figure of samples with its interval. */
  interval(samples: readonly Sample[], figure: (means: readonly number[]) => number): Interval;
}

/** Evidence of a claim that the weights decide. */
export function proven(proof: Proof): Evidence {
  return { figures: {}, requirements: [], proof, controls: [], invariant: [], notes: [] };
}

/** Evidence of a claim that the data cannot decide. */
export function untestable(why: string): Evidence {
  return { figures: {}, requirements: [], untestable: why, controls: [], invariant: [], notes: [] };
}
