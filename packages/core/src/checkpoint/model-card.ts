import { InputError, JsonValue } from "@filigree/sites";

/** `model-card.json`: how a model was made. Figures that do not apply are left out. */
export interface ModelCard {
  readonly format: "filigree.model-card/1";
  readonly name: string;
  /** The exact command that made it. */
  readonly command: string;
  readonly codeVersion: string;
  readonly data: {
    readonly description: string;
    readonly sha256: string;
    /** Texts: files, or lines of JSON Lines. */
    readonly files: number;
    /** Files that were left out because they are not UTF-8 text. */
    readonly notUtf8?: number;
    readonly tokens: number;
  };
  readonly sparsifier: { readonly name: string; readonly options: unknown };
  readonly optimiser: Readonly<Record<string, number | string>>;
  /** sha256 of the parameters that the run started from, where it did not start from random ones. */
  readonly startedFrom?: string;
  readonly steps: number;
  readonly seed: number;
  /** Natural logarithm, per token; `heldOut` over files kept out of training. */
  readonly losses: { readonly train: number; readonly heldOut: number };
  /** Nonzero weights against all weights, for each kind of matrix. */
  readonly nonzeros: Readonly<
    Record<"block" | "embedding" | "unembedding" | "bigram", { nonzero: number; of: number }>
  >;
}

/** @throws InputError unless the text is a model card of this version. */
export function parseModelCard(text: string, where: string): ModelCard {
  const json = JsonValue.parse(text, where);
  const format = json
    .entries()
    .find(([key]) => key === "format")?.[1]
    .text();
  if (format !== "filigree.model-card/1") {
    throw new InputError({ what: `the format is "${format}"`, where, expected: "filigree.model-card/1" });
  }
  return json.any() as ModelCard;
}

export function formatModelCard(card: ModelCard): string {
  return `${JSON.stringify(card, null, 2)}\n`;
}
