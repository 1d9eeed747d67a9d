import type { LayerSiteKind } from "@filigree/sites";

/** Which sites a row block of a weight matrix joins: `weight[firstRow + to, from]`. */
export interface Connection {
  readonly matrix: "attn.c_attn" | "attn.c_proj" | "mlp.c_fc" | "mlp.c_proj";
  readonly from: LayerSiteKind;
  readonly to: LayerSiteKind;
  /** The site whose values the matrix multiplies: what heads mixed, where the edges leave values. */
  readonly reads: LayerSiteKind;
  /** In units of heads · dHead: c_attn stacks q, k and v. */
  readonly block: 0 | 1 | 2;
}

/**
 * Which sites a weight matrix joins directly (Gao et al. 2025, §2.2). Attention moves values between tokens and not
 * between channels, so c_proj joins channel c of v to the output. There is no edge from a write into the residual
 * stream to a later read of it, nor between q and k.
 */
export const CONNECTIONS: readonly Connection[] = [
  { matrix: "attn.c_attn", from: "attn.act_in", to: "attn.q", reads: "attn.act_in", block: 0 },
  { matrix: "attn.c_attn", from: "attn.act_in", to: "attn.k", reads: "attn.act_in", block: 1 },
  { matrix: "attn.c_attn", from: "attn.act_in", to: "attn.v", reads: "attn.act_in", block: 2 },
  { matrix: "attn.c_proj", from: "attn.v", to: "attn.resid_delta", reads: "attn.y", block: 0 },
  { matrix: "mlp.c_fc", from: "mlp.act_in", to: "mlp.post_act", reads: "mlp.act_in", block: 0 },
  { matrix: "mlp.c_proj", from: "mlp.post_act", to: "mlp.resid_delta", reads: "mlp.post_act", block: 0 },
];
