import type { PlanDocument } from "@filigree/scrubbing";
import { InputError } from "@filigree/sites";
import { readText } from "../files.ts";
import type { CheckFilesOptions } from "./check-files.ts";

/** What a file compiles to, or what is wrong with it, one readable message an element. */
export type ExplainedFile = PlanDocument | { readonly faults: readonly string[] };

type Settings = Pick<CheckFilesOptions, "seed" | "examples" | "model" | "backend">;

/** What a `.circuit` file would be checked with. A faulty file becomes a result. */
export async function explainFile(file: string, settings: Settings): Promise<ExplainedFile> {
  try {
    const text = await readText(file, "a .circuit file");
    const { explain } = await import("@filigree/scrubbing");
    const found = await explain({ ...settings, text, file });
    if ("plan" in found) return found.plan;
    const { formatDiagnostic } = await import("@filigree/hypothesis");
    return { faults: found.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, text)) };
  } catch (error) {
    if (error instanceof InputError) return { faults: [`error: ${error.message}`] };
    throw error;
  }
}
