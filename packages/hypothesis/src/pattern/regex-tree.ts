/** Inclusive ranges of code points. */
export interface CharacterSet {
  readonly ranges: readonly (readonly [number, number])[];
  readonly negated: boolean;
}

/** A regular expression of the safe subset: whatever it is, one pass over the text decides it. */
export type RegexTree =
  | { readonly kind: "character"; readonly set: CharacterSet }
  | { readonly kind: "start" | "end" }
  | { readonly kind: "sequence"; readonly parts: readonly RegexTree[] }
  | { readonly kind: "choice"; readonly options: readonly RegexTree[] }
  /** `most` may be Infinity. */
  | { readonly kind: "repeat"; readonly of: RegexTree; readonly least: number; readonly most: number };

/** Why a regular expression cannot be used, at offsets into its source. */
export interface RegexFault {
  readonly message: string;
  readonly hint?: string;
  readonly start: number;
  readonly end: number;
}

/** The number of states that the expression takes; repetitions are written out. */
export function stateCount(tree: RegexTree): number {
  switch (tree.kind) {
    case "sequence":
      return tree.parts.reduce((sum, part) => sum + stateCount(part), 0);
    case "choice":
      return tree.options.reduce((sum, option) => sum + stateCount(option) + 1, 0);
    case "repeat": {
      const one = stateCount(tree.of) + 1;
      return one * (tree.most === Infinity ? tree.least + 1 : tree.most);
    }
    default:
      return 1;
  }
}
