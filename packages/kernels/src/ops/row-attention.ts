import * as tf from "@tensorflow/tfjs-core";
import { call, output } from "../wasm/module.ts";
import type { AttentionShape } from "./attention.ts";

// Attention of single rows, each with keys of its own choosing: for runs that differ in a few tokens from runs that are
// known already. Only on the wasm backend, and without gradients: there it equals `attention` to the bit.

type Heads = Pick<AttentionShape, "heads" | "dHead">;

/** Keys or values of tokens, heads side by side: [tokens, dHead · lanes]. */
export interface LanedTokens {
  readonly values: tf.Tensor2D;
}

/** Which tokens each row sees, in ascending order of their positions. */
export interface RowLists {
  /** [rows + 1]: where each row's list begins in `tokens`, and where the last one ends. */
  readonly starts: tf.Tensor1D;
  /** Tokens of `known`, and after them those of `fresh`. */
  readonly tokens: tf.Tensor1D;
  /** Number of entries of the longest list. */
  readonly longest: number;
}

/** Where the tokens of a list lie. */
export interface TokenPool {
  readonly known: LanedTokens;
  readonly fresh: LanedTokens;
}

/** How many lanes so many heads take. */
export function headLanes(heads: number): number {
  return (heads + 3) & ~3;
}

/** Lays keys or values [heads · dHead, tokens] out token by token. */
export function layInLanes(x: tf.Tensor2D, { heads, dHead }: Heads): LanedTokens {
  const tokens = x.shape[1];
  const values = output<tf.Rank.R2>([tokens, dHead * headLanes(heads)]);
  call("layInLanes", x, tokens, 1, heads, dHead, tokens, values);
  return { values };
}

/** The same from token-major values [tokens, heads · dHead]. */
export function layTokensInLanes(x: tf.Tensor2D, { heads, dHead }: Heads): LanedTokens {
  const [tokens, channels] = x.shape;
  const values = output<tf.Rank.R2>([tokens, dHead * headLanes(heads)]);
  call("layInLanes", x, 1, channels, heads, dHead, tokens, values);
  return { values };
}

/**
 * What each row gives to each token of its list.
 *
 * @param q [heads · dHead, rows]
 * @param sinks [heads]
 * @returns [entries, lanes]: head h of an entry in lane h
 */
export function rowPattern(
  q: tf.Tensor2D,
  lists: RowLists,
  keys: TokenPool,
  { heads, dHead }: Heads,
  sinks?: tf.Tensor1D,
): tf.Tensor2D {
  const weights = output<tf.Rank.R2>([lists.tokens.size, headLanes(heads)]);
  const scratch = output<tf.Rank.R1>([call("rowAttentionScratch", heads, dHead, lists.longest)]);
  const pool = [keys.known.values, keys.known.values.shape[0], keys.fresh.values] as const;
  call("rowPattern", q, q.shape[1], sinks, heads, dHead, lists.starts, lists.tokens, ...pool, scratch, weights);
  scratch.dispose();
  return weights;
}

/**
 * Σ over the entries of each row of pattern · value.
 *
 * @param pattern [entries, lanes], as {@link rowPattern} gives it
 * @returns [heads · dHead, rows]
 */
export function mixRows(
  pattern: tf.Tensor2D,
  lists: RowLists,
  values: TokenPool,
  { heads, dHead }: Heads,
): tf.Tensor2D {
  const rows = lists.starts.size - 1;
  const y = output<tf.Rank.R2>([heads * dHead, rows]);
  const scratch = output<tf.Rank.R1>([call("rowAttentionScratch", heads, dHead, lists.longest)]);
  const pool = [values.known.values, values.known.values.shape[0], values.fresh.values] as const;
  call("mixRows", pattern, rows, heads, dHead, lists.starts, lists.tokens, ...pool, scratch, y);
  scratch.dispose();
  return y;
}

/**
 * Columns of x [channels, tokens] and token-major rows of `others` [rows, channels], side by side.
 *
 * @param columns int32: a column of x, or ~row of one of `others`
 * @returns [channels, columns]
 */
export function gatherColumns(
  x: tf.Tensor2D | undefined,
  others: tf.Tensor2D | undefined,
  columns: Int32Array,
): tf.Tensor2D {
  const channels = x ? x.shape[0] : others!.shape[1];
  const out = output<tf.Rank.R2>([channels, columns.length]);
  const at = tf.tensor1d(columns, "int32");
  call("gatherColumns", x, x ? x.shape[1] : 0, others, channels, at, columns.length, out);
  at.dispose();
  return out;
}
