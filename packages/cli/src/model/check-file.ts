import type { BackendName } from "@filigree/core";
import type { TraceLine, VerdictDocument } from "@filigree/scrubbing";
import { InputError } from "@filigree/sites";
import { readText } from "../files.ts";
import { checkProgress } from "../render/check-progress.ts";

export interface CheckFileOptions {
  readonly seed?: number;
  readonly examples?: number;
  /** Checkpoint directory, in the place of the file's. */
  readonly model?: string;
  readonly backend: BackendName;
  readonly trace?: (line: TraceLine) => void;
  readonly onProgress: (text: string) => void;
}

/** The verdicts on a file, or what is wrong with it, one readable message an element. */
export type CheckedFile =
  { readonly document: VerdictDocument; readonly modelName: string } | { readonly faults: readonly string[] };

/** Checks one `.circuit` file. Faulty input becomes a result, so that the other files of a run have their turn. */
export async function checkFile(file: string, options: CheckFileOptions): Promise<CheckedFile> {
  const { onProgress, ...settings } = options;
  try {
    const text = await readText(file, "a .circuit file");
    const { check } = await import("@filigree/scrubbing");
    const { formatDiagnostic, parseCircuit, readHeader } = await import("@filigree/hypothesis");
    const outcome = await check({
      ...settings,
      text,
      file,
      onProgress: (progress) => onProgress(checkProgress(progress)),
    });
    if (!("verdict" in outcome)) {
      return { faults: outcome.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, text)) };
    }
    const modelName = options.model ?? readHeader(parseCircuit(text, file).tree).model ?? "";
    return { document: outcome.verdict, modelName };
  } catch (error) {
    if (error instanceof InputError) return { faults: [`error: ${error.message}`] };
    throw error;
  }
}
