import type { Span } from "../diagnostic.ts";
import type { Environment } from "../environment.ts";
import type { Claim, CircuitNodes, Expression, SitePart, Statement } from "../hypothesis.ts";
import type { CircuitFile, ClaimItem, Rival, StatementTree } from "../syntax/tree.ts";
import { circuitNodes, sitesOfStatement } from "./circuit-nodes.ts";
import { findLets, type Definitions } from "./definitions.ts";
import { Expectations, type StatementKind } from "./expectations.ts";
import { ExpressionChecker } from "./expressions.ts";
import type { Names } from "./names.ts";
import type { Report } from "./report.ts";
import { Scope } from "./scope.ts";
import { StatementChecker, type CircuitKind } from "./statements.ts";
import { overlaps } from "./upstream.ts";

/** One statement of a claim on its way to a checked claim; `is sufficient and necessary` are two. */
interface Draft {
  readonly item: ClaimItem;
  readonly kind: StatementKind;
  readonly joined: boolean;
  readonly expectations: Expectations;
  readonly when: Expression | undefined;
  readonly side: Side;
  /** Undefined where it has an error, and for circuits, whose meaning depends on the other statements. */
  readonly statement: Statement | undefined;
}

/** The file's own hypothesis, or one of its rivals. */
interface Side {
  readonly rival?: string;
  readonly checker: StatementChecker;
}

const CIRCUIT_KINDS: readonly string[] = ["sufficient", "necessary", "complete", "minimal"] satisfies CircuitKind[];

/** Checks the claims of a file and of its rivals; each method reports to one report. */
export class ClaimChecker {
  readonly #tree: CircuitFile;
  readonly #names: Names;
  readonly #definitions: Definitions;
  readonly #environment: Environment;
  readonly #expressions: ExpressionChecker;
  readonly #report: Report;

  constructor(tree: CircuitFile, definitions: Definitions, names: Names, environment: Environment, report: Report) {
    this.#tree = tree;
    this.#definitions = definitions;
    this.#names = names;
    this.#environment = environment;
    this.#expressions = new ExpressionChecker(names, report);
    this.#report = report;
  }

  /** The claims that have no error, in the order of the file. */
  check(): Claim[] {
    const { complete } = this.#definitions;
    const scope = new Scope(this.#definitions, this.#environment, { names: this.#names, complete });
    const own: Side = { checker: this.#checker(scope) };
    const drafts: Draft[] = [];
    for (const item of this.#tree.items) {
      if (item.kind === "claim") drafts.push(...this.#draft(item, own));
      else if (item.kind === "rival") drafts.push(...this.#rival(item, scope));
    }
    this.#checkClaimNames(drafts);
    this.#checkOverlaps(drafts);
    const circuits = this.#circuits(drafts);
    return drafts.flatMap((draft, index) => this.#claim(draft, index, circuits.get(draft.item)));
  }

  #checker(scope: Scope): StatementChecker {
    return new StatementChecker(scope, this.#names, this.#environment, this.#report);
  }

  #rival({ title, items }: Rival, parent: Scope): Draft[] {
    const { complete } = this.#definitions;
    const scope = new Scope(findLets(items, this.#report), this.#environment, { names: this.#names, complete, parent });
    const side: Side = { rival: title.text, checker: this.#checker(scope) };
    return items.flatMap((item) => (item.kind === "claim" ? this.#draft(item, side) : []));
  }

  #draft(item: ClaimItem, side: Side): Draft[] {
    const kinds = this.#kindsOf(item.statement);
    const expectations = new Expectations(item.expectations, kinds, this.#tree.source, this.#report);
    const when = item.when && this.#expressions.typed(item.when, "boolean", "a condition");
    const broken = item.when !== undefined && when === undefined;
    return kinds.map((kind): Draft => {
      const local =
        item.statement.kind === "is" ? undefined : side.checker.local(item.statement, expectations.of(kind));
      const statement = broken ? undefined : local;
      return { item, kind, joined: kinds.length > 1, expectations, when, side, statement };
    });
  }

  /** The statements that a predicate makes; words that mean nothing are reported. */
  #kindsOf(statement: StatementTree): StatementKind[] {
    if (statement.kind !== "is") return [statement.kind];
    const kinds = new Set<StatementKind>();
    for (const { text, span } of statement.properties) {
      if (!CIRCUIT_KINDS.includes(text)) {
        const hint = 'it can be "sufficient", "necessary", "complete" or "minimal"';
        this.#report.error("syntax", span, `a circuit cannot be "${text}"`, hint);
      } else if (kinds.has(text as CircuitKind)) this.#report.error("syntax", span, `"${text}" is said twice`);
      else kinds.add(text as CircuitKind);
    }
    return [...kinds];
  }

  /** Names are unique over the file, its rivals included. */
  #checkClaimNames(drafts: readonly Draft[]): void {
    const seen = new Set<string>();
    for (const { name } of new Set(drafts.map(({ item }) => item))) {
      if (name === undefined) continue;
      const { text, span } = name;
      if (/^claim \d+$/.test(text))
        this.#report.error("repeated-claim-name", span, `"${text}" is how claims without a name are called`);
      else if (seen.has(text)) this.#report.error("repeated-claim-name", span, `two claims are called "${text}"`);
      seen.add(text);
    }
  }

  /**
   * The statements of one hypothesis are one graph, in which a site computes one thing: two claims about what it
   * computes cannot both be its.
   */
  #checkOverlaps(drafts: readonly Draft[]): void {
    const claimed = new Map<string, { readonly side: Side; readonly part: SitePart; readonly line: number }[]>();
    for (const { statement, expectations, side, item } of drafts) {
      if (statement?.kind !== "computes" || expectations.verdict !== "supported") continue;
      const { span } = item.statement.subject;
      const others = statement.parts.flatMap(({ site }) => claimed.get(site) ?? []);
      const other = others.find(
        (before) => before.side === side && statement.parts.some((part) => overlaps(before.part, part)),
      );
      if (other !== undefined) {
        const message = `line ${other.line} already says what ${other.part.site} computes here`;
        this.#report.error("overlapping-claims", span, message, "join the two claims, or put one into a rival");
      }
      for (const part of statement.parts) {
        const list = claimed.get(part.site) ?? [];
        list.push({ side, part, line: span.line });
        claimed.set(part.site, list);
      }
    }
  }

  #circuits(drafts: readonly Draft[]): Map<ClaimItem, CircuitNodes | undefined> {
    const unions = new Map<Side, CircuitNodes | undefined>();
    const circuits = new Map<ClaimItem, CircuitNodes | undefined>();
    for (const { item, side } of drafts) {
      if (item.statement.kind !== "is" || circuits.has(item)) continue;
      const { subject } = item.statement;
      const source = oneLine(this.#tree, subject.span);
      const whole = isWholeCircuit(item.statement);
      if (whole && !unions.has(side)) unions.set(side, this.#unionOf(drafts, side));
      const circuit = whole ? unions.get(side) : side.checker.circuit(subject, source);
      if (circuit?.nodes.length === 0) {
        const hint = whole
          ? "it is the union of the sites of the claims that are expected to be supported"
          : "only the embedding, or nothing, is named";
        this.#report.error("empty-circuit", subject.span, `${source} holds no nodes`, hint);
      }
      circuits.set(item, circuit);
    }
    return circuits;
  }

  /** What `circuit` means: the nodes of every statement about sites that is expected to be supported. */
  #unionOf(drafts: readonly Draft[], side: Side): CircuitNodes | undefined {
    const { shape } = this.#environment;
    if (shape === undefined) return undefined;
    const positive = drafts.filter(
      (draft) =>
        draft.side === side && draft.item.statement.kind !== "is" && draft.expectations.verdict === "supported",
    );
    if (positive.some(({ statement }) => statement === undefined)) return undefined;
    const sites = positive.flatMap(({ statement }) => sitesOfStatement(statement!, shape));
    return { nodes: circuitNodes(sites, shape), source: "circuit" };
  }

  #claim(draft: Draft, index: number, circuit: CircuitNodes | undefined): Claim[] {
    const { item, kind, joined, expectations, when, side } = draft;
    const stated = expectations.of(kind);
    const statement =
      item.statement.kind === "is"
        ? circuit && side.checker.aboutCircuit(kind as CircuitKind, circuit, stated)
        : draft.statement;
    if (statement === undefined) return [];
    const given = item.name && (joined ? `${item.name.text} (${kind})` : item.name.text);
    const { line, column } = item.span;
    const claim: { -readonly [Key in keyof Claim]: Claim[Key] } = {
      name: given ?? `claim ${index + 1}`,
      text: oneLine(this.#tree, item.claimed),
      line,
      column,
      expected: expectations.verdict,
      anyIndex: item.anyIndex,
      normsHeld: item.normsHeld,
      stated: stated.stated,
      statement,
    };
    if (side.rival !== undefined) claim.rival = side.rival;
    if (when !== undefined) claim.when = when;
    return [claim];
  }
}

function isWholeCircuit({ subject }: StatementTree): boolean {
  const [term, ...others] = subject.terms;
  const bare = term!.part === undefined && term!.channels === undefined && term!.position === undefined;
  return others.length === 0 && bare && term!.base.kind === "circuit";
}

/** The source of a span on one line, without comments. */
function oneLine({ source, comments }: CircuitFile, { start, end }: Span): string {
  const text = source.slice(start, end);
  // Almost every claim stands on one line of its own.
  if (!text.includes("//") && !/\s\s|[\t\r\n]/.test(text)) return text;
  const inside = comments.filter((comment) => comment.start >= start && comment.end <= end);
  const bare = inside.reduceRight((left, c) => left.slice(0, c.start - start) + left.slice(c.end - start), text);
  return bare.replace(/("(?:\\["\\]|[^"\r\n])*")|\s+/g, (_, quoted?: string) => quoted ?? " ").trim();
}
