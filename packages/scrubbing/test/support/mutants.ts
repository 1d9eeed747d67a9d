/** One claim about sites as its parts, so that each can be changed alone. */
export type ClaimForm =
  | { readonly verb: "carries" | "ignores"; readonly site: string; readonly at: string; readonly feature: string }
  | {
      readonly verb: "copies";
      readonly site: string;
      readonly feature: string;
      readonly from: string;
      readonly to: string;
    }
  | {
      readonly verb: "attends";
      readonly site: string;
      readonly from: string;
      readonly to: string;
      readonly mass: number;
    };

/** What there is to choose from. */
export interface Choices {
  /** Sites of `carries` and `ignores`: other layers, heads and parts. */
  readonly sites: readonly string[];
  /** Whole layers and heads, of `copies`. */
  readonly movers: readonly string[];
  /** Single heads, of `attends`. */
  readonly heads: readonly string[];
  readonly positions: readonly string[];
  readonly features: readonly string[];
}

export function textOf(claim: ClaimForm): string {
  switch (claim.verb) {
    case "carries":
    case "ignores":
      return `${claim.site} at ${claim.at} ${claim.verb} ${claim.feature}`;
    case "copies":
      return `${claim.site} copies ${claim.feature} from ${claim.from} to ${claim.to} via v`;
    case "attends":
      return `${claim.site} attends from ${claim.from} to ${claim.to} expect mass >= ${claim.mass}`;
  }
}

/** Every claim that differs from a given one in one part: site, position, feature, or direction. */
export function mutantsOf(claims: readonly ClaimForm[], choices: Choices): string[] {
  const { positions } = choices;
  const changed = claims.flatMap((claim): ClaimForm[] => {
    switch (claim.verb) {
      case "carries":
      case "ignores":
        return [
          ...choices.sites.map((site) => ({ ...claim, site })),
          ...positions.map((at) => ({ ...claim, at })),
          ...choices.features.map((feature) => ({ ...claim, feature })),
        ];
      case "copies":
        return [
          ...choices.movers.map((site) => ({ ...claim, site })),
          ...choices.features.map((feature) => ({ ...claim, feature })),
          ...ends(claim, positions),
        ];
      case "attends":
        return [...choices.heads.map((site) => ({ ...claim, site })), ...ends(claim, positions)];
    }
  });
  const originals = new Set(claims.map(textOf));
  return [...new Set(changed.map(textOf))].filter((text) => !originals.has(text));
}

function ends<T extends { readonly from: string; readonly to: string }>(claim: T, positions: readonly string[]): T[] {
  return [
    { ...claim, from: claim.to, to: claim.from },
    ...positions.map((from) => ({ ...claim, from })),
    ...positions.map((to) => ({ ...claim, to })),
  ];
}
