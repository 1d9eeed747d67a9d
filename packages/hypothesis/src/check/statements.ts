import { DEFAULTS } from "../defaults.ts";
import type { Environment } from "../environment.ts";
import type {
  AttendsStatement,
  CarriesStatement,
  CircuitNodes,
  CopiesStatement,
  IgnoresStatement,
  NecessaryStatement,
  Position,
  Statement,
  SufficientStatement,
} from "../hypothesis.ts";
import type { PositionTree, Sites, StatementTree } from "../syntax/tree.ts";
import { circuitNodes } from "./circuit-nodes.ts";
import type { StatedBounds } from "./expectations.ts";
import { resolveFeature, resolvePosition } from "./names.ts";
import type { Report } from "./report.ts";
import type { Scope } from "./scope.ts";
import { siteParts } from "./site-parts.ts";
import { describeTerm, type Term } from "./terms.ts";

type Tree<Kind extends StatementTree["kind"]> = Extract<StatementTree, { kind: Kind }>;
/** A statement about sites, as opposed to one about a circuit. */
export type LocalTree = Exclude<StatementTree, { kind: "is" }>;

/** Checks single statements. Each method returns undefined where it reported an error or the model is not known. */
export class StatementChecker {
  readonly #scope: Scope;
  readonly #environment: Environment;
  readonly #report: Report;

  constructor(scope: Scope, environment: Environment, report: Report) {
    this.#scope = scope;
    this.#environment = environment;
    this.#report = report;
  }

  local(tree: LocalTree, stated: StatedBounds): Statement | undefined {
    switch (tree.kind) {
      case "carries":
      case "ignores":
        return this.#aboutFeature(tree, stated);
      case "copies":
        return this.#copies(tree, stated);
      case "attends":
        return this.#attends(tree, stated);
    }
  }

  /** The nodes of a circuit that is written as sites. `circuit` itself is the caller's to know. */
  circuit(subject: Sites, source: string): CircuitNodes | undefined {
    const list = this.#scope.resolve(subject);
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

  aboutCircuit(
    kind: "sufficient" | "necessary",
    circuit: CircuitNodes,
    { bounds }: StatedBounds,
  ): SufficientStatement | NecessaryStatement {
    if (kind === "sufficient") return { kind, circuit, thresholds: { ...DEFAULTS.sufficient, ...bounds } };
    return { kind, circuit, thresholds: { ...DEFAULTS.necessary, ...bounds } };
  }

  #aboutFeature(
    { kind, subject, feature: said }: Tree<"carries" | "ignores">,
    { bounds }: StatedBounds,
  ): CarriesStatement | IgnoresStatement | undefined {
    const { shape, task } = this.#environment;
    const list = this.#scope.resolve(subject);
    const feature = resolveFeature(said, task, this.#report);
    if (list === undefined || feature === undefined || shape === undefined) return undefined;
    const parts = siteParts(list.terms, shape);
    if (parts.length === 0) return this.#report.error("wrong-sites", subject.span, "these sites hold no nodes");
    const about = { parts, feature: feature.name };
    if (kind === "carries") return { kind, ...about, thresholds: { ...DEFAULTS.carries, ...bounds } };
    return { kind, ...about, thresholds: { ...DEFAULTS.ignores, ...bounds } };
  }

  #copies(
    { subject, feature: said, from, to, via }: Tree<"copies">,
    { bounds }: StatedBounds,
  ): CopiesStatement | undefined {
    const { task } = this.#environment;
    const list = this.#scope.resolve(subject);
    const movers = list && this.#heads(list.terms, subject, "copies");
    const feature = resolveFeature(said, task, this.#report);
    if (via !== undefined && via.text !== "v") {
      const hint = "queries and keys decide where a head looks; what it copies goes via v";
      return this.#report.error("wrong-route", via.span, `nothing is copied via ${via.text}`, hint);
    }
    const source = from ? this.#position(from) : feature && this.#anchor(feature, said.span);
    const target = to ? this.#position(to) : ({ kind: "named", name: "last" } as const);
    if (!movers || !feature || !source || !target) return undefined;
    return {
      kind: "copies",
      ...movers,
      feature: feature.name,
      from: source,
      to: target,
      thresholds: { ...DEFAULTS.copies, ...bounds },
    };
  }

  #attends({ subject, from, to, span }: Tree<"attends">, { bounds }: StatedBounds): AttendsStatement | undefined {
    const list = this.#scope.resolve(subject);
    const heads = list && this.#heads(list.terms, subject, "attends");
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

  /** The heads of one layer that terms name as whole heads. */
  #heads(
    terms: readonly Term[],
    subject: Sites,
    verb: "copies" | "attends",
  ): Pick<CopiesStatement, "layer" | "heads"> | undefined {
    const wrong = (why: string, hint?: string): undefined => this.#report.error("wrong-sites", subject.span, why, hint);
    const parts = verb === "copies" ? [undefined, "out"] : [undefined, "out", "pattern"];
    let layer: number | undefined;
    let heads: "all" | number[] = [];
    for (const term of terms) {
      const { base, part, channels, position } = term;
      if (base.kind !== "attn") return wrong(`only attention ${verb}: ${describeTerm(term)} is not attention`);
      if (!parts.includes(part)) return wrong(`"${verb}" is about whole heads, not their .${part}`);
      if (channels !== undefined) return wrong(`"${verb}" is about whole heads, not some of their channels`);
      if (position !== undefined) return wrong(`"${verb}" has its positions in from and to, not at its heads`);
      if (layer !== undefined && layer !== base.layer)
        return wrong(`"${verb}" is about one layer`, "state one claim for each layer");
      layer = base.layer;
      heads =
        heads === "all" || base.heads === undefined
          ? "all"
          : [...new Set([...heads, ...base.heads])].sort((a, b) => a - b);
    }
    return layer === undefined ? wrong("these sites hold no heads") : { layer, heads };
  }

  #anchor({ name, anchor }: { name: string; anchor?: string }, span: Sites["span"]): Position | undefined {
    if (anchor !== undefined) return { kind: "named", name: anchor };
    if (this.#environment.task === undefined) return undefined;
    const hint = "say from where: copies … from POSITION to POSITION";
    return this.#report.error("missing-anchor", span, `the task does not say where a prompt shows "${name}"`, hint);
  }

  #position(tree: PositionTree): Position | undefined {
    return resolvePosition(tree, this.#environment.task, this.#report);
  }
}
