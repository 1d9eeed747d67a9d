import { didYouMean } from "@filigree/sites";
import type { Environment } from "../environment.ts";
import type { ChannelList, CircuitFile, Let, SiteBase, Sites, SiteTerm, Text } from "../syntax/tree.ts";
import { ModelLimits } from "./model-limits.ts";
import { describePosition, resolvePosition } from "./names.ts";
import { nodeFileTerms, nodeTerm } from "./node-terms.ts";
import type { Report } from "./report.ts";
import { describeTerm, partsOf, type Term, type TermBase, type TermList } from "./terms.ts";

/** The `let` names of a file, and what site expressions mean under them. */
export class Scope {
  readonly #lets = new Map<string, Let>();
  readonly #broken = new Set<string>();
  readonly #resolved = new Map<Let, TermList | undefined>();
  readonly #open = new Set<Let>();
  readonly #environment: Environment;
  readonly #limits: ModelLimits;
  readonly #report: Report;

  constructor(tree: CircuitFile, environment: Environment, report: Report) {
    this.#environment = environment;
    this.#limits = new ModelLimits(environment.shape, report);
    this.#report = report;
    for (const item of tree.items) {
      if (item.kind === "broken" && item.name !== undefined) this.#broken.add(item.name);
      if (item.kind !== "let") continue;
      const { text, span } = item.name;
      if (this.#lets.has(text)) report.error("repeated-name", span, `"${text}" is defined twice`);
      else this.#lets.set(text, item);
    }
    for (const item of this.#lets.values()) this.#resolveLet(item);
  }

  /** The terms of an expression; undefined where it has an error, which is then reported. */
  resolve(sites: Sites): TermList | undefined {
    const lists: TermList[] = [];
    let failed = false;
    for (const tree of sites.terms) {
      const list = this.#resolveTerm(tree);
      if (list === undefined) failed = true;
      else lists.push(list);
    }
    if (failed) return undefined;
    const edges = lists.length === 1 ? lists[0]!.edges : undefined;
    return { terms: lists.flatMap(({ terms }) => terms), ...(edges && { edges }) };
  }

  #resolveLet(item: Let): TermList | undefined {
    if (this.#resolved.has(item)) return this.#resolved.get(item);
    if (this.#open.has(item)) {
      return this.#report.error("circular-name", item.name.span, `"${item.name.text}" is defined by itself`);
    }
    this.#open.add(item);
    const list = this.resolve(item.sites);
    this.#open.delete(item);
    this.#resolved.set(item, list);
    return list;
  }

  #resolveTerm(tree: SiteTerm): TermList | undefined {
    const base = this.#resolveBase(tree.base);
    if (base === undefined) return undefined;
    const terms: Term[] = [];
    for (const bare of base.terms) {
      const whole = tree.part ? this.#withPart(bare, tree.part) : bare;
      const narrowed = whole && tree.channels ? this.#withChannels(whole, tree.channels) : whole;
      const placed = narrowed && tree.position ? this.#withPosition(narrowed, tree.position) : narrowed;
      if (placed === undefined) return undefined;
      terms.push({ ...placed, span: tree.span });
    }
    const untouched = !tree.part && !tree.channels && !tree.position;
    return { terms, ...(untouched && base.edges && { edges: base.edges }) };
  }

  #resolveBase(tree: SiteBase): TermList | undefined {
    const { span } = tree;
    const one = (base: TermBase): TermList => ({ terms: [{ base, span }] });
    switch (tree.kind) {
      case "embed":
        return one({ kind: "embed" });
      case "resid":
      case "mlp":
        return this.#limits.layer(tree.layer) ? one({ kind: tree.kind, layer: tree.layer.index }) : undefined;
      case "attn": {
        const layer = tree.layer.index;
        if (!this.#limits.layer(tree.layer)) return undefined;
        if (tree.heads === undefined) return one({ kind: "attn", layer });
        const heads = this.#limits.heads(tree.heads, layer);
        return heads && one({ kind: "attn", layer, heads });
      }
      case "node":
        return nodeTerm(tree.id, this.#limits, this.#report);
      case "nodes-from":
        return nodeFileTerms(tree.path, this.#environment, this.#limits, this.#report);
      case "group":
        return this.resolve(tree.sites);
      case "reference":
        return this.#reference(tree.name);
      case "circuit": {
        const hint = "state `circuit is sufficient` or `circuit is necessary`";
        return this.#report.error(
          "wrong-sites",
          span,
          "`circuit` is the union of the claims' sites: it stands alone",
          hint,
        );
      }
    }
  }

  #reference(name: Text): TermList | undefined {
    const item = this.#lets.get(name.text);
    if (item !== undefined) return this.#resolveLet(item);
    if (this.#broken.has(name.text)) return undefined;
    const names = [...this.#lets.keys()];
    const known = names.length === 0 ? "the file has no `let`" : `the file defines: ${names.join(", ")}`;
    const hint = didYouMean(name.text, [...names, "embed", "resid", "attn", "mlp", "circuit"]) ?? known;
    return this.#report.error("unknown-name", name.span, `nothing is called "${name.text}"`, hint);
  }

  #withPart(term: Term, { text, span }: Text): Term | undefined {
    const parts = partsOf(term.base);
    const whole = describeTerm(term);
    if (term.part !== undefined || term.channels !== undefined) {
      const message = `".${text}" cannot be taken of ${whole}: the name already stands for a part of it`;
      return this.#report.error("wrong-sites", span, message);
    }
    if (parts.includes(text)) return { ...term, part: text };
    if (term.base.kind === "attn" && text === "in") {
      const hint = `all heads of a layer read the same: attn L${term.base.layer}.in`;
      return this.#report.error("unknown-part", span, `${whole} has no input of its own`, hint);
    }
    const hint = parts.length === 0 ? "it has no parts" : `it has: ${parts.map((part) => `.${part}`).join(", ")}`;
    return this.#report.error("unknown-part", span, `${whole} has no part ".${text}"`, hint);
  }

  #withChannels(term: Term, list: ChannelList): Term | undefined {
    const whole = describeTerm(term);
    const wrong = (why: string, hint?: string): undefined => this.#report.error("wrong-channels", list.span, why, hint);
    if (term.base.kind === "nodes" || term.channels !== undefined)
      return wrong(`the channels of ${whole} are already named`);
    if (term.part === "pattern") return wrong(`${whole} has no channels`, "name a head, or channels of .q, .k or .v");
    if (list.word === "neurons" && (term.base.kind !== "mlp" || (term.part ?? "neurons") !== "neurons")) {
      return wrong(`${whole} has channels, not neurons`, "only the hidden layer of an mlp has neurons");
    }
    const narrowed = list.word === "neurons" ? { ...term, part: "neurons" } : term;
    const channels = this.#limits.channels(list, narrowed);
    return channels && { ...narrowed, channels };
  }

  #withPosition(term: Term, tree: SiteTerm["position"] & object): Term | undefined {
    if (term.position !== undefined) {
      const before = describePosition(term.position);
      return this.#report.error("repeated-position", tree.span, `these sites are already at ${before}`);
    }
    const position = resolvePosition(tree, this.#environment.task, this.#report);
    return position && { ...term, position };
  }
}
