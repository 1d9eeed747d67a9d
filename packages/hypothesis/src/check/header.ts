import { didYouMean } from "@filigree/sites";
import { DEFAULTS } from "../defaults.ts";
import type { Settings } from "../hypothesis.ts";
import type { CircuitFile, Declaration } from "../syntax/tree.ts";
import { fraction, wholeNumber } from "./numbers.ts";
import type { Report } from "./report.ts";

/** What a file says of itself before its claims. */
export interface Header {
  readonly title?: string;
  readonly model?: string;
  readonly task?: string;
}

/** The title, model and task of a file, unchecked: enough to load what {@link checkCircuit} needs. */
export function readHeader(tree: CircuitFile): Header {
  const header: { title?: string; model?: string; task?: string } = {};
  for (const item of tree.items) {
    if (item.kind === "title" || item.kind === "model" || item.kind === "task") header[item.kind] ??= item.value.text;
  }
  return header;
}

/** The settings of a file, defaults filled in. */
export function readSettings(tree: CircuitFile, report: Report): Settings {
  const settings: { -readonly [Key in keyof Settings]: Settings[Key] } = { ...DEFAULTS.settings };
  for (const item of declarations(tree)) {
    switch (item.kind) {
      case "seed":
        settings.seed = wholeNumber(item.value, 0, report) ?? settings.seed;
        break;
      case "examples":
      case "donors":
        settings[item.kind] = wholeNumber(item.value, 1, report) ?? settings[item.kind];
        break;
      case "alpha":
        settings.alpha = fraction(item.value, "alpha", report) ?? settings.alpha;
        break;
      case "split": {
        const { text, span } = item.value;
        if (text === "dev" || text === "test") settings.split = text;
        else
          report.error(
            "unknown-split",
            span,
            `there is no split "${text}"`,
            didYouMean(text, ["dev", "test"]) ?? "it is dev or test",
          );
        break;
      }
      default:
    }
  }
  return settings;
}

/** Each thing is declared once. */
export function checkDeclarations(tree: CircuitFile, report: Report): void {
  const seen = new Set<string>();
  for (const { kind, span } of declarations(tree)) {
    const word = kind === "title" ? "circuit" : kind;
    if (seen.has(kind)) report.error("repeated-declaration", span, `"${word}" is declared twice`);
    seen.add(kind);
  }
}

function declarations(tree: CircuitFile): Declaration[] {
  return tree.items.filter((item): item is Declaration => DECLARATIONS.has(item.kind));
}

const DECLARATIONS: ReadonlySet<string> = new Set<Declaration["kind"]>([
  "title",
  "model",
  "task",
  "split",
  "seed",
  "examples",
  "donors",
  "alpha",
]);
