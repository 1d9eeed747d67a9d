import type { Environment } from "../environment.ts";
import type { ChannelList, PositionTree, SiteBase, Sites, SiteTerm, Text } from "../syntax/tree.ts";
import { ModelLimits } from "./model-limits.ts";
import { describePosition, type Names } from "./names.ts";
import { nodeFileTerms, nodeTerm } from "./node-terms.ts";
import type { Report } from "./report.ts";
import type { Scope } from "./scope.ts";
import { describeTerm, partsOf, type Term, type TermBase, type TermList } from "./terms.ts";

/** Lets of lets double quickly; a list this long is a mistake, or meant to keep a reader busy. */
const MOST_TERMS = 10_000;

/** A term while it is narrowed to what the expression says of it. */
type Narrowed = { -readonly [Key in keyof Term]: Term[Key] };

/** Reads the site expressions of one file. */
export class SiteReader {
  readonly #scope: Scope;
  readonly #environment: Environment;
  readonly #names: Names;
  readonly #limits: ModelLimits;
  readonly #report: Report;

  constructor(scope: Scope, environment: Environment, names: Names, report: Report) {
    this.#scope = scope;
    this.#environment = environment;
    this.#names = names;
    this.#limits = new ModelLimits(environment.shape, report);
    this.#report = report;
  }

  /** The terms of an expression; undefined where it has an error, which is then reported. */
  sites(sites: Sites): TermList | undefined {
    if (sites.terms.length === 1) return this.#resolveTerm(sites.terms[0]!);
    const lists = sites.terms.map((tree) => this.#resolveTerm(tree));
    if (!lists.every((list) => list !== undefined)) return undefined;
    const count = lists.reduce((sum, { terms }) => sum + terms.length, 0);
    if (count > MOST_TERMS) {
      return this.#report.error("too-large", sites.span, `more than ${MOST_TERMS} sites are joined here`);
    }
    return { terms: lists.flatMap(({ terms }) => terms) };
  }

  #resolveTerm(tree: SiteTerm): TermList | undefined {
    const { part, channels, position, span } = tree;
    const base = this.#resolveBase(tree.base);
    if (base === undefined) return undefined;
    const terms: Term[] = [];
    for (const bare of base.terms) {
      const term: Narrowed = { ...bare, span };
      if (part !== undefined && !this.#takePart(term, part)) return undefined;
      if (channels !== undefined && !this.#takeChannels(term, channels)) return undefined;
      if (position !== undefined && !this.#takePosition(term, position)) return undefined;
      terms.push(term);
    }
    const { edges } = base;
    const touched = part !== undefined || channels !== undefined || position !== undefined;
    return edges === undefined || touched ? { terms } : { terms, edges };
  }

  #resolveBase(tree: SiteBase): TermList | undefined {
    const { span } = tree;
    const one = (base: TermBase): TermList => ({ terms: [{ base, span }] });
    switch (tree.kind) {
      case "embed":
      case "logits":
        return one({ kind: tree.kind });
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
        return this.sites(tree.sites);
      case "reference":
        return this.#scope.reference(tree.name, this.#report);
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

  /** Narrows a term to a part of it; false where it has an error, which is then reported. */
  #takePart(term: Narrowed, { text, span }: Text): boolean {
    const parts = partsOf(term.base);
    const whole = describeTerm(term);
    if (term.part !== undefined || term.channels !== undefined) {
      const message = `".${text}" cannot be taken of ${whole}: the name already stands for a part of it`;
      return this.#failed("wrong-sites", span, message);
    }
    if (parts.includes(text)) {
      term.part = text;
      return true;
    }
    if (term.base.kind === "attn" && text === "in") {
      const hint = `all heads of a layer read the same: attn L${term.base.layer}.in`;
      return this.#failed("unknown-part", span, `${whole} has no input of its own`, hint);
    }
    const hint = parts.length === 0 ? "it has no parts" : `it has: ${parts.map((part) => `.${part}`).join(", ")}`;
    return this.#failed("unknown-part", span, `${whole} has no part ".${text}"`, hint);
  }

  /** Narrows a term to some of its channels. */
  #takeChannels(term: Narrowed, list: ChannelList): boolean {
    const whole = describeTerm(term);
    const wrong = (why: string, hint?: string): false => this.#failed("wrong-channels", list.span, why, hint);
    if (term.base.kind === "logits") return wrong("the logits are taken whole");
    if (term.base.kind === "nodes" || term.channels !== undefined)
      return wrong(`the channels of ${whole} are already named`);
    if (term.part === "pattern") return wrong(`${whole} has no channels`, "name a head, or channels of .q, .k or .v");
    if (list.word === "neurons" && (term.base.kind !== "mlp" || (term.part ?? "neurons") !== "neurons")) {
      return wrong(`${whole} has channels, not neurons`, "only the hidden layer of an mlp has neurons");
    }
    if (list.word === "neurons") term.part = "neurons";
    const channels = this.#limits.channels(list, term);
    if (channels === undefined) return false;
    term.channels = channels;
    return true;
  }

  /** Says where a term is. */
  #takePosition(term: Narrowed, tree: PositionTree): boolean {
    if (term.position !== undefined) {
      const before = describePosition(term.position);
      return this.#failed("repeated-position", tree.span, `these sites are already at ${before}`);
    }
    const position = this.#names.position(tree, this.#report);
    if (position === undefined) return false;
    if (term.base.kind === "logits" && describePosition(position) !== "last") {
      return this.#failed("wrong-position", tree.span, "the answer is read at `last` and nowhere else");
    }
    term.position = position;
    return true;
  }

  #failed(...error: Parameters<Report["error"]>): false {
    this.#report.error(...error);
    return false;
  }
}
