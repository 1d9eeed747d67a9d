import { DEFAULTS } from "../defaults.ts";
import type { Span } from "../diagnostic.ts";
import type { Environment, TaskFeature } from "../environment.ts";
import type {
  AffectsStatement,
  AttendsStatement,
  CircuitNodes,
  ComputesInput,
  ComputesStatement,
  CopiesStatement,
  EqualsStatement,
  Position,
  SitePart,
  Statement,
} from "../hypothesis.ts";
import type { Name, PositionTree, Sites, StatementTree } from "../syntax/tree.ts";
import { circuitNodes } from "./circuit-nodes.ts";
import type { StatedBounds } from "./expectations.ts";
import { ExpressionChecker } from "./expressions.ts";
import { wholeHeads } from "./heads.ts";
import type { Names } from "./names.ts";
import type { Report } from "./report.ts";
import type { Scope } from "./scope.ts";
import { siteParts } from "./site-parts.ts";
import type { TermList } from "./terms.ts";
import { isUpstream, overlaps } from "./upstream.ts";

type Tree<Kind extends StatementTree["kind"]> = Extract<StatementTree, { kind: Kind }>;
/** A statement about sites, as opposed to one about a circuit. */
export type LocalTree = Exclude<StatementTree, { kind: "is" }>;
export type CircuitKind = "sufficient" | "necessary" | "complete" | "minimal";

/** Checks single statements. Each method returns undefined where it reported an error or the model is not known. */
export class StatementChecker {
  readonly #scope: Scope;
  readonly #names: Names;
  readonly #environment: Environment;
  readonly #report: Report;

  constructor(scope: Scope, names: Names, environment: Environment, report: Report) {
    this.#scope = scope;
    this.#names = names;
    this.#environment = environment;
    this.#report = report;
  }

  local(tree: LocalTree, stated: StatedBounds): Statement | undefined {
    switch (tree.kind) {
      case "carries":
      case "contains":
      case "ignores":
        return this.#aboutFeature(tree, stated);
      case "computes":
        return this.#computes(tree, stated);
      case "equals":
        return this.#equals(tree, stated);
      case "copies":
        return this.#copies(tree, stated);
      case "attends":
        return this.#attends(tree, stated);
      case "affects":
      case "does not affect":
        return this.#affects(tree, stated);
    }
  }

  /** The nodes of a circuit that is written as sites. `circuit` itself is the caller's to know. */
  circuit(subject: Sites, source: string): CircuitNodes | undefined {
    const list = this.#terms(subject);
    const placed = list?.terms.find((term) => term.position !== undefined);
    if (placed !== undefined) {
      const message = "a circuit is nodes at all positions: a position cannot be part of it";
      const hint = "leave out the position, or say what the sites carry at it";
      return this.#report.error("position-in-circuit", placed.span, message, hint);
    }
    const { shape } = this.#environment;
    if (list === undefined || shape === undefined) return undefined;
    const nodes = circuitNodes(siteParts(list.terms, shape), shape);
    return { nodes, ...(list.edges && { edges: list.edges }), source };
  }

  aboutCircuit(kind: CircuitKind, circuit: CircuitNodes, { bounds }: StatedBounds): Statement {
    switch (kind) {
      case "sufficient":
        return { kind, circuit, thresholds: { ...DEFAULTS.sufficient, ...bounds } };
      case "necessary":
        return { kind, circuit, thresholds: { ...DEFAULTS.necessary, ...bounds } };
      case "complete":
        return { kind, circuit, thresholds: { ...DEFAULTS.complete, ...bounds } };
      case "minimal":
        return { kind, circuit };
    }
  }

  #aboutFeature(tree: Tree<"carries" | "contains" | "ignores">, { bounds }: StatedBounds): Statement | undefined {
    const parts = this.#parts(tree.subject);
    const feature = this.#names.feature(tree.feature, this.#report);
    if (parts === undefined || feature === undefined) return undefined;
    const about = { parts, feature: feature.name };
    switch (tree.kind) {
      case "carries":
        return { kind: tree.kind, ...about, atMost: tree.atMost, thresholds: { ...DEFAULTS.carries, ...bounds } };
      case "contains":
        return { kind: tree.kind, ...about, thresholds: { ...DEFAULTS.contains, ...bounds } };
      case "ignores":
        return { kind: tree.kind, ...about, thresholds: { ...DEFAULTS.ignores, ...bounds } };
    }
  }

  #computes(tree: Tree<"computes">, { bounds }: StatedBounds): ComputesStatement | undefined {
    const parts = this.#parts(tree.subject);
    const feature = this.#names.feature(tree.feature, this.#report);
    const inputs = tree.inputs.map(({ sites, feature: by }): ComputesInput | undefined => {
      const read = this.#parts(sites);
      const own = by && this.#names.feature(by, this.#report);
      return read === undefined || (by && !own) ? undefined : { parts: read, ...(own && { feature: own.name }) };
    });
    if (parts === undefined || feature === undefined || !inputs.every((input) => input !== undefined)) return undefined;
    const apart = inputs.every((input, index) => {
      const earlier = inputs.slice(0, index).find((other) => haveOverlap(input.parts, other.parts));
      if (earlier === undefined) return true;
      const hint = "each site gets its values from one input: name it once";
      this.#report.error(
        "overlapping-sites",
        tree.inputs[index]!.sites.span,
        "an input before it holds the same",
        hint,
      );
      return false;
    });
    const upstream = inputs.map((input, index) =>
      this.#upstream(input.parts, parts, tree.inputs[index]!.sites.span, tree.subject),
    );
    if (!apart || upstream.includes(false)) return undefined;
    const thresholds = { ...DEFAULTS.computes, ...bounds };
    return { kind: tree.kind, parts, feature: feature.name, inputs, thresholds };
  }

  #equals({ kind, subject, expression: said }: Tree<"equals">, { bounds }: StatedBounds): EqualsStatement | undefined {
    const parts = this.#parts(subject);
    const why = "what sites equal, up to scale and shift,";
    const expression = new ExpressionChecker(this.#names, this.#report).typed(said, "number", why);
    return parts && expression && { kind, parts, expression, thresholds: { ...DEFAULTS.equals, ...bounds } };
  }

  #copies(
    { subject, feature: said, from, to, via, alone, span }: Tree<"copies">,
    { bounds }: StatedBounds,
  ): CopiesStatement | undefined {
    const list = this.#terms(subject);
    const movers = list && wholeHeads(list.terms, subject, "copies", this.#report);
    const feature = this.#names.feature(said, this.#report);
    if (via !== undefined && via.text !== "v") {
      const hint = "queries and keys decide where a head looks; what it copies goes via v";
      return this.#report.error("wrong-route", via.span, `nothing is copied via ${via.text}`, hint);
    }
    if (!alone && bounds["rest"] !== undefined) {
      const hint = "write `alone` before `expect`: nothing else is judged by it";
      return this.#report.error("unknown-figure", span, '"copies" without "alone" has no figure "rest"', hint);
    }
    const source = from ? this.#position(from) : feature && this.#anchor(feature, said.span);
    const target = to ? this.#position(to) : ({ kind: "named", name: "last" } as const);
    if (!movers || !feature || !source || !target) return undefined;
    const thresholds = { ...DEFAULTS.copies, ...bounds };
    return { kind: "copies", ...movers, feature: feature.name, from: source, to: target, alone, thresholds };
  }

  #attends({ subject, from, to, span }: Tree<"attends">, { bounds }: StatedBounds): AttendsStatement | undefined {
    const list = this.#terms(subject);
    const heads = list && wholeHeads(list.terms, subject, "attends", this.#report);
    const [query, key] = [this.#position(from), this.#position(to)];
    const mass = bounds["mass"];
    if (mass === undefined) {
      const hint = "how much attention counts is for you to say: add `expect mass >= 50%`";
      this.#report.error("missing-expectation", span, "no mass is expected of this attention", hint);
    }
    if (heads === undefined || query === undefined || key === undefined || mass === undefined) return undefined;
    if (heads.heads === "all" || heads.heads.length !== 1) {
      const hint = `name one head: attn L${heads.layer} head ${heads.heads === "all" ? 0 : heads.heads[0]}`;
      return this.#report.error("wrong-sites", subject.span, '"attends" is about one head', hint);
    }
    return { kind: "attends", layer: heads.layer, head: heads.heads[0]!, query, key, thresholds: { mass } };
  }

  #affects(tree: Tree<"affects" | "does not affect">, { bounds }: StatedBounds): AffectsStatement | undefined {
    const { kind, subject, target } = tree;
    const between = kind === "affects" ? undefined : tree.through;
    const from = this.#parts(subject);
    const to = this.#parts(target, "or the logits");
    const through = between === undefined ? [] : this.#parts(between);
    if (from === undefined || to === undefined || through === undefined) return undefined;
    if (!this.#upstream(from, to, subject.span, target)) return undefined;
    if (between !== undefined) {
      const afterFrom = this.#downstream(through, from, between, subject);
      if (!afterFrom || !this.#upstream(through, to, between.span, target)) return undefined;
    }
    return { kind, from, to, through, thresholds: { ...DEFAULTS[kind], ...bounds } };
  }

  /** Whether each part can reach one of the others. */
  #upstream(parts: readonly SitePart[], of: readonly SitePart[], at: Span, below: Sites): boolean {
    const shape = this.#environment.shape!;
    const stray = parts.find((part) => !of.some((other) => isUpstream(part, other, shape)));
    if (stray === undefined) return true;
    const message = `${stray.site} cannot reach ${this.#said(below)}, whatever the weights are`;
    const hint = "it is worked out later, beside it, or at a position that is not seen from there";
    this.#report.error("not-upstream", at, message, hint);
    return false;
  }

  #downstream(parts: readonly SitePart[], of: readonly SitePart[], tree: Sites, above: Sites): boolean {
    const shape = this.#environment.shape!;
    const stray = parts.find((part) => !of.some((other) => isUpstream(other, part, shape)));
    if (stray === undefined) return true;
    const message = `${this.#said(above)} cannot reach ${stray.site}, whatever the weights are`;
    this.#report.error("not-upstream", tree.span, message, "name what lies between the two");
    return false;
  }

  /** What was written for sites, where it is short. */
  #said({ terms }: Sites): string {
    const [term] = terms;
    return terms.length === 1 && term!.base.kind === "reference" ? `"${term!.base.name.text}"` : "these sites";
  }

  /** The parts that sites name. `logits` are among them only where the caller says so. */
  #parts(sites: Sites, orLogits?: "or the logits"): readonly SitePart[] | undefined {
    const list = this.#terms(sites, orLogits);
    const { shape } = this.#environment;
    if (list === undefined || shape === undefined) return undefined;
    const parts = siteParts(list.terms, shape);
    return parts.length > 0 ? parts : this.#report.error("wrong-sites", sites.span, "these sites hold no nodes");
  }

  #terms(sites: Sites, orLogits?: "or the logits"): TermList | undefined {
    const list = this.#scope.resolve(sites, this.#report);
    const logits = list?.terms.find(({ base }) => base.kind === "logits");
    if (logits === undefined || orLogits !== undefined) return list;
    const hint = "they can be affected: SITES affects logits";
    return this.#report.error(
      "wrong-sites",
      logits.span,
      "logits are what claims are judged by, not a site of them",
      hint,
    );
  }

  #anchor({ name, anchor }: TaskFeature, span: Name["span"]): Position | undefined {
    if (anchor !== undefined) return { kind: "named", name: anchor };
    if (this.#environment.task === undefined) return undefined;
    const hint = "say from where: copies … from POSITION to POSITION";
    return this.#report.error("missing-anchor", span, `the task does not say where a prompt shows "${name}"`, hint);
  }

  #position(tree: PositionTree): Position | undefined {
    return this.#names.position(tree, this.#report);
  }
}

function haveOverlap(some: readonly SitePart[], others: readonly SitePart[]): boolean {
  return some.some((part) => others.some((other) => overlaps(part, other)));
}
