import type { ExpectedVerdict, Settings } from "@filigree/hypothesis";
import type { Control } from "./statements/evidence.ts";
import type { Interval } from "./statistics/bootstrap.ts";
import type { Bound, Verdict } from "./verdict.ts";

/** A swap that the claim says changes nothing, and how much it did. `example` and `donor` index the task's examples. */
export interface WorstSwap {
  readonly example: number;
  readonly donor: number;
  readonly before: readonly number[];
  readonly after: readonly number[];
  /** KL of the answers, nats. */
  readonly divergence: number;
}

/** One claim's result. */
export interface ClaimVerdict {
  readonly name: string;
  readonly text: string;
  readonly line: number;
  readonly verdict: Verdict;
  readonly expected: ExpectedVerdict;
  readonly met: boolean;
  /** Whether the nonzero weights alone decide. */
  readonly proven: boolean;
  /** Of a claim that bounds refute: the least alpha at which they still would. */
  readonly p?: number;
  /** The rival hypothesis that claims it. */
  readonly rival?: string;
  readonly why: string;
  readonly figures: Readonly<Record<string, Interval>>;
  /** The figures that decide, in the order in which they are looked at. None of an untestable claim. */
  readonly bounds: readonly Bound[];
  readonly controls: readonly Control[];
  readonly worst: readonly WorstSwap[];
  readonly notes: readonly string[];
  readonly forwardPasses: number;
}

/** The result of checking a file, `filigree.verdict/1`. It holds no times: equal runs give equal bytes. */
export interface VerdictDocument {
  readonly format: "filigree.verdict/1";
  readonly title: string;
  readonly file: string;
  readonly task: string;
  /** sha256, in hexadecimal; `engine` is the package's version. */
  readonly hashes: { readonly file: string; readonly model: string; readonly data: string; readonly engine: string };
  readonly backend: string;
  readonly seed: number;
  readonly settings: Settings;
  /** On the examples that the check drew; `accuracyLow` decides the competence gate. */
  readonly model: {
    readonly accuracy: number;
    readonly accuracyLow: number;
    readonly loss: number;
    readonly examples: number;
  };
  readonly claims: readonly ClaimVerdict[];
  /** Whether every claim came out as the file expects. */
  readonly met: boolean;
}

/** One line of a trace: enough for an independent program to repeat the swap. Examples by their index in the task. */
export interface TraceLine {
  readonly claim: string;
  readonly rule: string;
  readonly reference: number;
  readonly donors: readonly number[];
  readonly writes: readonly {
    readonly site: string;
    readonly channels: "all" | readonly number[];
    /** `all`: every token of the reference, from the donor's token at the same index. */
    readonly position: number | "all";
    /** The donor's values there, or the values themselves where they were computed. */
    readonly from:
      { readonly donor: number; readonly position: number | "all" } | { readonly value: readonly number[] };
    /** Where a path write is received: only that row of that site sees the values, under the swapped run's own pattern. */
    readonly receiver?: { readonly site: string; readonly position: number };
  }[];
  /**
   * Edges, each from one node to another, that carry what their source shows in the donor's run, at every token. What
   * leaves a value carries the heads' mix of it there (`attn.y`, the same channel).
   */
  readonly cuts?: {
    readonly edges: readonly (readonly [from: string, to: string])[];
    readonly from: { readonly donor: number };
  };
  /** Norms keep the scales of the reference's undisturbed run. */
  readonly normsHeld?: true;
  readonly before: readonly number[];
  readonly after: readonly number[];
  readonly delta2: number;
  readonly kl: number;
}
