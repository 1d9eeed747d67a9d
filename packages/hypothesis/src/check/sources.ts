import { InputError } from "@filigree/sites";
import type { Environment } from "../environment.ts";
import { parseCircuit } from "../syntax/parse.ts";
import type { CircuitFile, Import } from "../syntax/tree.ts";
import type { Report } from "./report.ts";

/** A file whose definitions count. */
export interface Source {
  readonly tree: CircuitFile;
  readonly report: Report;
}

/** The files that take part in a hypothesis. */
export interface Sources {
  /** Imported files before those that import them; the file itself last. Each once. */
  readonly files: readonly Source[];
  /** Whether all imports were read. Where not, a name that nothing defines may be theirs. */
  readonly complete: boolean;
}

/** More are a mistake, or meant to keep a reader busy. */
const MOST_IMPORTS = 100;

/** Reads what a file imports, and what that imports. */
export function readSources(tree: CircuitFile, environment: Environment, report: Report): Sources {
  const files: Source[] = [];
  const known = new Map<string, "open" | "read">([[tree.file, "open"]]);
  let complete = true;
  const visit = (source: Source): void => {
    for (const item of source.tree.items) {
      if (item.kind === "import" && !bring(item, source)) complete = false;
    }
    files.push(source);
  };
  const bring = ({ path, span }: Import, { tree: from, report: own }: Source): boolean => {
    const { circuitFile, shape } = environment;
    if (circuitFile === undefined) {
      // Without a reader the names are as little known as a model's sizes are without its shape.
      if (shape !== undefined) own.error("import", path.span, "other files cannot be read here");
      return false;
    }
    try {
      const { file, text } = circuitFile(path.text, from.file);
      if (known.get(file) === "read") return true;
      if (known.has(file)) {
        own.error("circular-import", path.span, `${file} is imported by itself`, "move what both need to a third file");
        return false;
      }
      if (known.size > MOST_IMPORTS) {
        own.error("too-large", span, `more than ${MOST_IMPORTS} files are imported`);
        return false;
      }
      known.set(file, "open");
      const parsed = parseCircuit(text, file);
      const imported = report.of(file, text);
      for (const diagnostic of parsed.diagnostics) imported.add(diagnostic);
      visit({ tree: parsed.tree, report: imported });
      known.set(file, "read");
      return true;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      const where = error.where === undefined ? "" : `${error.where}: `;
      own.error("import", path.span, `${where}${error.what}`, error.hint ?? error.expected);
      return false;
    }
  };
  visit({ tree, report });
  return { files, complete };
}
