import { didYouMean } from "@filigree/sites";
import type { Environment } from "../environment.ts";
import type { Let, Sites, Text } from "../syntax/tree.ts";
import type { Defined, Definitions } from "./definitions.ts";
import { plainName, type Names } from "./names.ts";
import type { Report } from "./report.ts";
import { SiteReader } from "./site-reader.ts";
import type { TermList } from "./terms.ts";

/** A let that needs a let that needs a let …: no file that a person writes goes so far. */
const DEEPEST = 100;

/** The `let` names of a file, and what site expressions mean under them. A rival's lets have the file's behind them. */
export class Scope {
  readonly #definitions: Pick<Definitions, "lets" | "broken">;
  readonly #complete: boolean;
  readonly #environment: Environment;
  readonly #names: Names;
  readonly #parent: Scope | undefined;
  readonly #resolved = new Map<Defined<Let>, TermList | undefined>();
  readonly #open = new Set<Defined<Let>>();
  /** One for each file that sites are written in. */
  readonly #readers = new Map<Report, SiteReader>();

  constructor(
    definitions: Pick<Definitions, "lets" | "broken">,
    environment: Environment,
    { names, complete, parent }: { names: Names; complete: boolean; parent?: Scope },
  ) {
    this.#definitions = definitions;
    this.#environment = environment;
    this.#names = names;
    this.#complete = complete;
    this.#parent = parent;
    for (const defined of definitions.lets.values()) this.#resolveLet(defined);
  }

  /** The terms of an expression; undefined where it has an error, which is then reported. */
  resolve(sites: Sites, report: Report): TermList | undefined {
    let reader = this.#readers.get(report);
    if (reader === undefined) {
      reader = new SiteReader(this, this.#environment, this.#names, report);
      this.#readers.set(report, reader);
    }
    return reader.sites(sites);
  }

  /** What the name of a `let` stands for. */
  reference(name: Text, report: Report): TermList | undefined {
    const found = this.#find(plainName(name.text));
    if (found !== undefined) return found.scope && found.scope.#resolveLet(found.defined, name, report);
    if (!this.#complete) return undefined;
    const names = this.#allNames();
    const known = names.length === 0 ? "the file has no `let`" : `the file defines: ${names.join(", ")}`;
    const hint = didYouMean(name.text, [...names, "embed", "resid", "attn", "mlp", "circuit", "logits"]) ?? known;
    return report.error("unknown-name", name.span, `nothing is called "${name.text}"`, hint);
  }

  /** Where a name is defined; without a scope where its definition could not be read. */
  #find(plain: string): { scope: Scope; defined: Defined<Let> } | { scope?: undefined } | undefined {
    const defined = this.#definitions.lets.get(plain);
    if (defined !== undefined) return { scope: this, defined };
    return this.#definitions.broken.has(plain) ? {} : this.#parent && this.#parent.#find(plain);
  }

  #allNames(): string[] {
    const own = [...this.#definitions.lets.values()].map(({ item }) => item.name.text);
    return this.#parent === undefined ? own : [...own, ...this.#parent.#allNames()];
  }

  #resolveLet(
    defined: Defined<Let>,
    at: Text = defined.item.name,
    user: Report = defined.report,
  ): TermList | undefined {
    if (this.#resolved.has(defined)) return this.#resolved.get(defined);
    const { item, report } = defined;
    if (this.#open.has(defined)) {
      return report.error("circular-name", item.name.span, `"${item.name.text}" is defined by itself`);
    }
    if (this.#open.size >= DEEPEST) {
      return user.error("too-large", at.span, `more than ${DEEPEST} names are needed to know what this one means`);
    }
    this.#open.add(defined);
    const list = this.resolve(item.sites, report);
    this.#open.delete(defined);
    this.#resolved.set(defined, list);
    return list;
  }
}
