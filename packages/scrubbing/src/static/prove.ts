import { siteAt, siteName, type SiteName } from "@filigree/core";
import type { CopiesStatement, Position, SitePart, Statement } from "@filigree/hypothesis";
import type { DatasetExample } from "../data/dataset.ts";
import { hasRoles } from "../data/roles.ts";
import { headList } from "../engine/path-swap.ts";
import { partsName } from "../interpretation/scrub-node.ts";
import type { Proof } from "../statements/evidence.ts";
import { influence } from "./influence.ts";
import { some, type Channels, type NonzeroWeights } from "./nonzero-weights.ts";
import { Places } from "./places.ts";

/**
 * What the zeros of the weights decide about a statement, without a run: that something does not affect something else,
 * or that a claim is about a path that does not exist. The examples only say in which order positions lie.
 */
export function proveStatement(
  weights: NonzeroWeights,
  examples: readonly DatasetExample[],
  statement: Statement,
): Proof | undefined {
  const positions = positionsOf(statement);
  const usable = examples.filter((example) => hasRoles(example, positions));
  // Where hardly any example has the positions, their order says nothing, and the data cannot decide.
  if (usable.length === 0 || usable.length < examples.length / 2) return undefined;
  const refuted = (why: string | undefined): Proof | undefined =>
    why === undefined ? undefined : { verdict: "refuted", why };
  const proofs = new Paths(weights, usable);
  switch (statement.kind) {
    case "does not affect": {
      const { from, to, through } = statement;
      const why = proofs.constant(from) ?? proofs.noPath(from, to, through);
      return why === undefined ? undefined : { verdict: "supported", why };
    }
    case "affects": {
      const { from, to } = statement;
      // Every part of B must be affected: one that no path reaches is enough.
      const apart = to.map((part) => proofs.noPath(from, [part], [])).find((why) => why !== undefined);
      return refuted(proofs.constant(from) ?? apart);
    }
    case "carries":
    case "contains":
    case "equals":
      return refuted(proofs.inert(statement.parts));
    case "computes": {
      const inputs = statement.inputs.flatMap(({ parts }) => parts);
      return refuted(proofs.inert(statement.parts) ?? proofs.noPath(inputs, statement.parts, []));
    }
    case "copies":
      return refuted(proofs.deadPath(statement));
    case "attends":
      return statement.thresholds.mass > 0 ? refuted(proofs.unseen(statement.key, statement.query)) : undefined;
    default:
      return undefined;
  }
}

/** The positions that a statement names. */
function positionsOf(statement: Statement): Position[] {
  const of = (parts: readonly SitePart[]) => parts.map(({ position }) => position);
  switch (statement.kind) {
    case "does not affect":
    case "affects":
      return of([...statement.from, ...statement.to, ...statement.through]);
    case "carries":
    case "contains":
    case "equals":
    case "ignores":
      return of(statement.parts);
    case "computes":
      return of([...statement.parts, ...statement.inputs.flatMap(({ parts }) => parts)]);
    case "copies":
      return [statement.from, statement.to];
    case "attends":
      return [statement.query, statement.key];
    default:
      return [];
  }
}

const LOGITS: SitePart = { site: siteName("logits"), channels: "all", position: { kind: "named", name: "last" } };

class Paths {
  readonly #weights: NonzeroWeights;
  readonly #examples: readonly DatasetExample[];

  constructor(weights: NonzeroWeights, examples: readonly DatasetExample[]) {
    this.#weights = weights;
    this.#examples = examples;
  }

  /** Why nothing gets from some parts to others past what is held, if so. */
  noPath(from: readonly SitePart[], to: readonly SitePart[], held: readonly SitePart[]): string | undefined {
    const places = this.#places([...from, ...to, ...held].map(({ position }) => position));
    const reached = influence(this.#weights, places, { from: this.#varying(from, places), held });
    if (to.some((part) => isReached(reached, places, part))) return undefined;
    const past = held.length === 0 ? "" : ` past ${partsName(held)}`;
    return `no path of nonzero weights leads from ${partsName(from)} to ${namesOf(to)}${past}`;
  }

  /** Parts without the channels that show the same in every prompt: a swap does not change those. */
  #varying(parts: readonly SitePart[], places: Places): SitePart[] {
    const reached = influence(this.#weights, places, { from: "tokens", held: [] });
    return parts.map((part): SitePart => {
      const found = reached.get(part.site)!;
      const varies = (c: number) => places.of(part.position).some((place) => found[place]![c] === 1);
      const channels = part.channels === "all" ? [...found[0]!.keys()] : part.channels;
      return { ...part, channels: channels.filter(varies) };
    });
  }

  /** Why parts show the same in every prompt, if so. */
  constant(parts: readonly SitePart[]): string | undefined {
    const places = this.#places(parts.map(({ position }) => position));
    const reached = influence(this.#weights, places, { from: "tokens", held: [] });
    if (parts.some((part) => isReached(reached, places, part))) return undefined;
    return `no path of nonzero weights leads from the prompt to ${partsName(parts)}, which shows the same in every one`;
  }

  /** Why parts cannot matter for the answer, if so. */
  inert(parts: readonly SitePart[]): string | undefined {
    return this.constant(parts) ?? this.noPath(parts, [LOGITS], []);
  }

  /** Why no values can go along the path of a `copies`, if so. */
  deadPath({ layer, heads, from, to }: CopiesStatement): string | undefined {
    const unseen = this.unseen(from, to);
    if (unseen !== undefined) return unseen;
    const { config } = this.#weights;
    const all = headList(config, heads).flatMap((h) =>
      Array.from({ length: config.dHead }, (_, c) => h * config.dHead + c),
    );
    const values = siteAt(layer, "attn.v");
    const places = this.#places([from]);
    const reached = influence(this.#weights, places, { from: "tokens", held: [] }).get(values)!;
    const moving = all.filter((c) => places.of(from).some((place) => reached[place]![c] === 1));
    const part = (site: SiteName, channels: readonly number[], position: Position): SitePart => ({
      site,
      channels,
      position,
    });
    if (moving.length === 0) return this.constant([part(values, all, from)]);
    return this.noPath([part(siteAt(layer, "attn.y"), moving, to)], [LOGITS], []);
  }

  /** Why a row cannot see a column, if so. */
  unseen(column: Position, row: Position): string | undefined {
    const places = this.#places([column, row]);
    const flows = places.of(column).some((from) => places.of(row).some((to) => places.flows(from, to)));
    return flows
      ? undefined
      : "a causal model cannot look ahead: in no example does the one position lie before the other";
  }

  #places(positions: readonly Position[]): Places {
    return new Places(positions, this.#examples, this.#weights.config.causal);
  }
}

function isReached(reached: ReadonlyMap<SiteName, Channels[]>, places: Places, part: SitePart): boolean {
  const found = reached.get(part.site)!;
  const at = part.site === LOGITS.site ? [places.answer] : places.of(part.position);
  return at.some((place) => {
    if (part.channels === "all") return some(found[place]!);
    return part.channels.some((c) => found[place]![c] === 1);
  });
}

function namesOf(parts: readonly SitePart[]): string {
  return parts.map((part) => (part.site === LOGITS.site ? "the logits" : partsName([part]))).join(" + ");
}
