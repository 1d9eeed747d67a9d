import type { SiteName } from "@filigree/sites";

/** Puts values at one token of one site of a run. Later ones win. */
export interface TokenWrite {
  readonly site: SiteName;
  readonly token: number;
  /** All, where left out. Of a pattern: head · keys + key. */
  readonly channels?: readonly number[] | undefined;
  readonly values: Float32Array;
  /** At `attn.v` alone: only this row of the heads sees the values. */
  readonly receiver?: number | undefined;
}

/** The first row that a write changes where no token sees a later one. */
export function rowOf({ token, receiver }: TokenWrite): number {
  return receiver ?? token;
}
