import { globPattern, InputError, numberOption, type Option } from "@filigree/core";
import type { Matrix } from "./sparsifier.ts";

/** How much of the matrices stays at the end: options that all sparsifiers share. */
export const FINAL_FRACTIONS = {
  block: numberOption({
    about: "final fraction of the weights of each attention and MLP matrix that stay",
    above: 0,
    most: 1,
  }),
  embedding: numberOption({
    about:
      "final fraction of the embedding and the unembedding; where left out, four times `block`, the ratio of " +
      "train.py's defaults (1/16 to 1/64)",
    above: 0,
    most: 1,
    default: null,
  }),
};

export interface FinalFractions {
  readonly block: number;
  readonly embedding: number | null;
}

/** What stays of a matrix at the end. */
export function finalFraction({ role }: Matrix, { block, embedding }: FinalFractions): number {
  return role === "block" ? block : (embedding ?? Math.min(1, 4 * block));
}

/** How many weights a fraction of a matrix is: at least one. */
export function countOf({ rows, cols }: Matrix, fraction: number): number {
  return Math.max(1, Math.round(fraction * rows * cols));
}

/** Shares in (0, 1] by globs over parameter names. Of several globs that match, the last counts. */
export type FractionsByName = Readonly<Record<string, number>>;

export function fractionsByName(about: string): Option<FractionsByName> {
  return {
    about,
    expected: `an object such as {"*.mlp.c_fc.weight": 0.01} of numbers above 0 to 1`,
    default: {},
    allows: (value) =>
      typeof value === "object" &&
      value !== null &&
      !Array.isArray(value) &&
      Object.values(value).every((share) => typeof share === "number" && share > 0 && share <= 1),
  };
}

/** The fraction of a parameter that is named, if it is. */
export function namedFraction({ name }: Matrix, fractions: FractionsByName): number | undefined {
  return Object.entries(fractions).findLast(([glob]) => globPattern(glob).test(name))?.[1];
}

/** @throws InputError for a glob that names nothing, which hides a mistake */
export function checkNames(fractions: FractionsByName, matrices: readonly Matrix[]): void {
  for (const glob of Object.keys(fractions)) {
    const pattern = globPattern(glob);
    if (matrices.some(({ name }) => pattern.test(name))) continue;
    throw new InputError({
      what: `no parameter matches "${glob}"`,
      where: "fractions of the sparsifier",
      expected: `a glob over ${matrices.map(({ name }) => name).join(", ")}`,
    });
  }
}
