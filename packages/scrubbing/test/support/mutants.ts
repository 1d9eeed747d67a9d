/** One claim as its parts, so that each can be changed alone. */
export type ClaimForm =
  | {
      readonly verb: "carries" | "carries at most" | "contains" | "ignores";
      readonly site: string;
      readonly at: string;
      readonly feature: string;
    }
  | {
      readonly verb: "copies";
      readonly site: string;
      readonly feature: string;
      readonly from: string;
      readonly to: string;
      readonly alone?: boolean;
    }
  | {
      readonly verb: "attends";
      readonly site: string;
      readonly from: string;
      readonly to: string;
      readonly mass: number;
    }
  | {
      readonly verb: "affects" | "does not affect";
      readonly site: string;
      readonly at: string;
      /** `logits`, or a site with its position. */
      readonly target: string;
      /** With its position. */
      readonly through?: string;
    }
  | { readonly verb: "equals"; readonly site: string; readonly at: string; readonly expression: string }
  | { readonly verb: "sufficient"; readonly nodes: readonly string[] };

/** What there is to choose from. */
export interface Choices {
  /** Sites of claims about sites: other layers, heads, channels and parts. */
  readonly sites: readonly string[];
  /** Whole layers and heads, of `copies`. */
  readonly movers: readonly string[];
  /** Single heads, of `attends`. */
  readonly heads: readonly string[];
  readonly positions: readonly string[];
  readonly features: readonly string[];
  /** What may be affected: `logits`, or sites with their positions. */
  readonly targets: readonly string[];
  readonly expressions: readonly string[];
}

export function textOf(claim: ClaimForm): string {
  switch (claim.verb) {
    case "carries":
    case "carries at most":
    case "contains":
    case "ignores":
      return `${claim.site} at ${claim.at} ${claim.verb} ${claim.feature}`;
    case "copies":
      return `${claim.site} copies ${claim.feature} from ${claim.from} to ${claim.to} via v${claim.alone ? " alone" : ""}`;
    case "attends":
      return `${claim.site} attends from ${claim.from} to ${claim.to} expect mass >= ${claim.mass}`;
    case "affects":
    case "does not affect": {
      const past = claim.through === undefined ? "" : ` except through ${claim.through}`;
      return `${claim.site} at ${claim.at} ${claim.verb} ${claim.target}${past}`;
    }
    case "equals":
      return `${claim.site} at ${claim.at} equals ${claim.expression}`;
    case "sufficient":
      return `{ ${claim.nodes.join(" + ")} } is sufficient`;
  }
}

/**
 * Every claim that differs from a given one in one part: site, position, feature, direction, expression, what is affected,
 * what it goes through, or one node left out.
 */
export function mutantsOf(claims: readonly ClaimForm[], choices: Choices): string[] {
  const changed = claims.flatMap((claim) => mutate(claim, choices));
  const originals = new Set(claims.map(textOf));
  return [...new Set(changed.map(textOf))].filter((text) => !originals.has(text));
}

function mutate(claim: ClaimForm, choices: Choices): ClaimForm[] {
  const { sites, positions, features, targets, movers, heads, expressions } = choices;
  switch (claim.verb) {
    case "carries":
    case "carries at most":
    case "contains":
    case "ignores":
      return [
        ...sites.map((site) => ({ ...claim, site })),
        ...positions.map((at) => ({ ...claim, at })),
        ...features.map((feature) => ({ ...claim, feature })),
      ];
    case "copies":
      return [
        ...movers.map((site) => ({ ...claim, site })),
        ...features.map((feature) => ({ ...claim, feature })),
        ...ends(claim, positions),
      ];
    case "attends":
      return [...heads.map((site) => ({ ...claim, site })), ...ends(claim, positions)];
    case "affects":
      return [...sourced(claim), ...targets.map((target) => ({ ...claim, target }))];
    case "does not affect": {
      const { through, ...free } = claim;
      // Without the exception, and with another; and the very opposite, which has none.
      const others =
        through === undefined ? [] : [free, ...heads.map((head) => ({ ...claim, through: `${head} at last` }))];
      return [
        ...sourced(claim),
        ...targets.map((target) => ({ ...claim, target })),
        ...others,
        { ...free, verb: "affects" },
      ];
    }
    case "equals":
      return [...sourced(claim), ...expressions.map((expression) => ({ ...claim, expression }))];
    case "sufficient":
      return claim.nodes.map((left) => ({ ...claim, nodes: claim.nodes.filter((node) => node !== left) }));
  }

  function sourced<T extends { readonly site: string; readonly at: string }>(one: T): T[] {
    return [...sites.map((site) => ({ ...one, site })), ...positions.map((at) => ({ ...one, at }))];
  }
}

function ends<T extends { readonly from: string; readonly to: string }>(claim: T, positions: readonly string[]): T[] {
  return [
    { ...claim, from: claim.to, to: claim.from },
    ...positions.map((from) => ({ ...claim, from })),
    ...positions.map((to) => ({ ...claim, to })),
  ];
}
