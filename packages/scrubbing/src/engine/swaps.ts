import type { SiteName } from "@filigree/core";
import type { SitePart } from "@filigree/hypothesis";
import type { Answers } from "./answers.ts";

/** Values put at one token of one site of the reference's run. */
export interface SwapWrite {
  readonly site: SiteName;
  /** Flat channels; all, where left out. Of `attn.pattern`: head · length + key. */
  readonly channels?: readonly number[] | undefined;
  /** Token of the reference. */
  readonly position: number;
  readonly values: Float32Array;
  /** Where the values were seen; `value` where they were computed, so that they alone say what is written. */
  readonly from: TokenSource | "value";
  /**
   * A path write, at `attn.v` alone: only this row of the heads sees the values. The row's mix changes by
   * pattern[row, position] · (values − v), with the pattern and the v of the swapped run itself.
   */
  readonly receiver?: number | undefined;
}

/** Values as an example's undisturbed run shows them at one token. */
export interface TokenSource {
  readonly donor: number;
  readonly position: number;
}

/**
 * The reference's run with parts overwritten. Examples are dataset indices. Where two writes meet at one place, the later
 * one stays. A part is held as it was by writing the reference's own values.
 */
export interface Swap {
  readonly reference: number;
  /** The donor that the rule draws: figures go by it. */
  readonly donor: number;
  /** Further donors that values come from. */
  readonly others?: readonly number[] | undefined;
  readonly writes: readonly SwapWrite[];
}

/** What a swap did to the answers. */
export interface SwapOutcome {
  readonly swap: Swap;
  readonly before: Answers;
  readonly after: Answers;
  /** ‖after − before‖². */
  readonly delta2: number;
  /** KL(before ‖ after), nats. */
  readonly kl: number;
  /** Whether what was written is what was there, to the bit. Such a swap changes nothing and is not run. */
  readonly identical: boolean;
  /** What the parts that the caller asked to read show after the swap, laid out as `readParts` does. */
  readonly read: Float32Array;
}

export interface SwapRunOptions {
  /** Runs even swaps that write what is there: the sham needs it. */
  readonly evenIdentical?: boolean | undefined;
  /** What to read beside the answers: parts of the swapped run, their positions bound in the reference. */
  readonly read?: readonly SitePart[] | undefined;
}
