import { parseSite, siteAt, siteName, type NodeFileEdge, type SiteKind, type SiteName } from "@filigree/sites";
import type { Span } from "../diagnostic.ts";
import type { ModelShape } from "../environment.ts";
import type { Position } from "../hypothesis.ts";

/** One term of a site expression, its names resolved. */
export interface Term {
  readonly base: TermBase;
  readonly part?: string;
  /** Local to each head where the base names heads, else flat. */
  readonly channels?: readonly number[];
  readonly position?: Position;
  /** What was written in the expression that names the term. */
  readonly span: Span;
}

export type TermBase =
  | { readonly kind: "embed" }
  | { readonly kind: "logits" }
  | { readonly kind: "resid" | "mlp"; readonly layer: number }
  | { readonly kind: "attn"; readonly layer: number; readonly heads?: readonly number[] }
  /** Flat channels of one site, by node id or from a node file. */
  | { readonly kind: "nodes"; readonly site: SiteName; readonly channels: readonly number[] };

/** What a site expression names. */
export interface TermList {
  readonly terms: readonly Term[];
  /** The edges of the node file, where the expression is one node file and nothing else. */
  readonly edges?: readonly NodeFileEdge[];
}

/** The words that may follow a dot. */
export function partsOf(base: TermBase): readonly string[] {
  switch (base.kind) {
    case "embed":
    case "logits":
    case "nodes":
      return [];
    case "resid":
      return ["in", "mid"];
    case "attn":
      return base.heads === undefined ? ["out", "in", "q", "k", "v", "pattern"] : ["out", "q", "k", "v", "pattern"];
    case "mlp":
      return ["out", "in", "neurons"];
  }
}

/** The kind of site that a term is about, by the table of the language. `resid_in` stands for every residual between layers. */
export function kindOf({ base, part }: Term): SiteKind {
  switch (base.kind) {
    case "embed":
    case "logits":
      return base.kind;
    case "nodes":
      return parseSite(base.site).kind;
    case "resid":
      return part === "mid" ? "resid_mid" : "resid_in";
    case "attn":
      if (part === "q" || part === "k" || part === "v" || part === "pattern") return `attn.${part}`;
      if (part === "in") return "attn.act_in";
      return base.heads === undefined ? "attn.resid_delta" : "attn.y";
    case "mlp":
      if (part === "in") return "mlp.act_in";
      return part === "neurons" ? "mlp.post_act" : "mlp.resid_delta";
  }
}

/** The site that a term is about. Bare `resid L3` is what layer 3 leaves to the next. */
export function siteOf(term: Term, shape: ModelShape): SiteName {
  const { base, part } = term;
  if (base.kind === "embed" || base.kind === "logits") return siteName(base.kind);
  if (base.kind === "nodes") return base.site;
  if (base.kind !== "resid" || part !== undefined) return siteName(`${base.layer}.${kindOf(term)}`);
  return base.layer + 1 < shape.nLayer ? siteAt(base.layer + 1, "resid_in") : siteName("final_resid");
}

/** A term as its author may have written it, without channels and position. */
export function describeTerm({ base, part }: Term): string {
  const dotted = part === undefined ? "" : `.${part}`;
  switch (base.kind) {
    case "embed":
    case "logits":
      return base.kind;
    case "nodes":
      return base.site;
    case "attn":
      return `attn L${base.layer}${base.heads === undefined ? "" : ` head ${base.heads.join(", ")}`}${dotted}`;
    default:
      return `${base.kind} L${base.layer}${dotted}`;
  }
}
