import { parseSite, type SiteKind, type SiteName } from "@filigree/sites";
import type { Span } from "../diagnostic.ts";
import type { ModelShape } from "../environment.ts";
import type { ChannelList, IndexList, Layer } from "../syntax/tree.ts";
import { indicesOf } from "./numbers.ts";
import type { Report } from "./report.ts";
import { describeTerm, kindOf, type Term } from "./terms.ts";

/** What exists in the model. Where the model is not known, everything does. */
export class ModelLimits {
  readonly #shape: ModelShape | undefined;
  readonly #report: Report;

  constructor(shape: ModelShape | undefined, report: Report) {
    this.#shape = shape;
    this.#report = report;
  }

  layer({ index, span }: Layer): boolean {
    const count = this.#shape?.nLayer ?? Infinity;
    if (index < count) return true;
    const layers = count <= 4 ? Array.from({ length: count }, (_, i) => `L${i}`).join(", ") : `L0 to L${count - 1}`;
    const hint = `the model has ${count === 1 ? "one layer" : `${count} layers`}: ${layers}`;
    this.#report.error("unknown-layer", span, `there is no layer ${index}`, hint);
    return false;
  }

  heads(list: IndexList, layer: number): number[] | undefined {
    const owner = `attn L${layer}`;
    const counted = {
      count: this.#shape?.nHead,
      singular: "head",
      plural: "heads",
      owner,
      code: "unknown-head",
    } as const;
    return indicesOf(list, counted, this.#report);
  }

  /** The channels of a term, local to each head where the term names heads. */
  channels(list: ChannelList, term: Term): number[] | undefined {
    const [singular, plural] = list.word === "neurons" ? ["neuron", "neurons"] : ["channel", "channels"];
    const ofHead = term.base.kind === "attn" && term.base.heads !== undefined;
    const count = this.#shape && (ofHead ? this.#shape.dHead : siteWidth(kindOf(term), this.#shape));
    const counted = { count, singular, plural, owner: describeTerm(term), code: "unknown-channel" } as const;
    return indicesOf(list, counted, this.#report);
  }

  /** Whether flat channels of a site exist. */
  nodes(site: SiteName, channels: readonly number[], span: Span): boolean {
    const { layer, kind } = parseSite(site);
    if (kind === "logits") {
      this.#report.error("unknown-node", span, "logits are what claims are judged by, not a site of them");
      return false;
    }
    if (layer !== undefined && !this.layer({ index: layer, span })) return false;
    const width = this.#shape ? siteWidth(kind, this.#shape) : Infinity;
    const beyond = channels.find((channel) => channel >= width);
    if (beyond === undefined) return true;
    const hint = `${site} has ${width} channels: 0 to ${width - 1}`;
    this.#report.error("unknown-channel", span, `there is no channel ${beyond} in ${site}`, hint);
    return false;
  }
}

/** How many channels a site has. */
function siteWidth(kind: SiteKind, shape: ModelShape): number {
  switch (kind) {
    case "attn.q":
    case "attn.k":
    case "attn.v":
    case "attn.y":
      return shape.nHead * shape.dHead;
    case "attn.act_in":
    case "mlp.act_in":
      return shape.dModel + (shape.dPos ?? 0);
    case "mlp.post_act":
      return shape.dMlp;
    default:
      return shape.dModel;
  }
}
