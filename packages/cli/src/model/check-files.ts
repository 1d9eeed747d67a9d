import type { BackendName } from "@filigree/core";
import type { CircuitFile, ClaimItem } from "@filigree/hypothesis";
import type { CheckedText, CheckProgress, ClaimDetails, ClaimVerdict, VerdictDocument } from "@filigree/scrubbing";
import { withVerdicts } from "@filigree/scrubbing/report";
import { InputError } from "@filigree/sites";
import { readText } from "../files.ts";
import { FileInParts } from "../line-file.ts";
import { spread } from "../workers/spread.ts";
import type { ClaimPiece, ClaimResult } from "./claims-workbench.ts";

export interface CheckFilesOptions {
  readonly seed?: number;
  readonly examples?: number;
  /** Checkpoint directory, in the place of the files'. */
  readonly model?: string;
  readonly backend: BackendName;
  readonly workers: number;
  /** A JSON Lines file to write; of one file only. */
  readonly trace?: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ChecksProgress) => void;
  /** Called for each file, in their order, as soon as it and those before it are done. */
  readonly onFile: (checked: CheckedFile) => void;
}

/** Where a run is: the first claim in hand, and how many are done. */
export interface ChecksProgress extends CheckProgress {
  readonly finished: number;
  readonly total: number;
}

/** The verdicts on a file with its text, or what is wrong with it, one readable message an element. */
export type CheckedFile = (CheckedText & { readonly modelName: string }) | { readonly faults: readonly string[] };

/** A file to check and its pieces of work: where they are among those of all files. */
interface Planned {
  readonly source: string;
  readonly modelName: string;
  readonly first: number;
  readonly count: number;
  readonly faults?: readonly string[];
}

/**
 * Checks `.circuit` files, their claims spread over threads. A faulty file becomes a result. The trace is written when
 * every file was checked.
 */
export async function checkFiles(files: readonly string[], options: CheckFilesOptions): Promise<void> {
  const { workers, signal, onProgress, onFile } = options;
  const trace = options.trace === undefined ? undefined : new FileInParts(options.trace);
  try {
    const pieces: ClaimPiece[] = [];
    const plans: Planned[] = [];
    for (const file of files) plans.push(await plan(file, options, trace, pieces));
    const results = new Map<number, ClaimResult>();
    const news = new Map<number, CheckProgress>();
    let shown = 0;
    let faulty = 0;
    const show = () => {
      for (let next = plans[shown]; next && isDone(next, results); next = plans[++shown]) {
        const checked = joined(next, results);
        if ("faults" in checked) faulty++;
        onFile(checked);
      }
    };
    show();
    await spread("claims", pieces, {
      workers,
      signal,
      sizeOf: ({ check, cost }) => ({ group: check.file, cost }),
      onNews(piece, progress) {
        news.set(piece, progress);
        const first = Math.min(...news.keys());
        if (piece === first) onProgress({ ...progress, finished: results.size, total: pieces.length });
      },
      onDone(piece, result) {
        news.delete(piece);
        results.set(piece, result);
        show();
      },
    });
    if (faulty === 0) trace?.finish();
  } finally {
    trace?.discard();
  }
}

/** Reads a file as far as is needed to know how many claims it makes. */
async function plan(
  file: string,
  options: CheckFilesOptions,
  trace: FileInParts | undefined,
  pieces: ClaimPiece[],
): Promise<Planned> {
  const { backend, model, seed, examples } = options;
  const first = pieces.length;
  try {
    const text = await readText(file, "a .circuit file");
    const { parseCircuit, readHeader } = await import("@filigree/hypothesis");
    const { tree } = parseCircuit(text, file);
    const check = { text, file, backend, model, seed, examples };
    for (const [claim, cost] of costsOf(tree).entries()) {
      pieces.push({ check, claim, cost, ...(trace && { trace: trace.part() }) });
    }
    return { source: text, modelName: model ?? readHeader(tree).model ?? "", first, count: pieces.length - first };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { source: "", modelName: "", first, count: 0, faults: [`error: ${error.message}`] };
  }
}

/** A claim each, with how long it takes. A file that claims nothing has one piece, which finds what is wrong with it. */
function costsOf({ items }: CircuitFile): number[] {
  const all = items.flatMap((item) => (item.kind === "rival" ? item.items : [item]));
  const costs = all.filter((item) => item.kind === "claim").flatMap(({ statement }) => costsOfStatement(statement));
  return costs.length === 0 ? [1] : costs;
}

/** `is sufficient and necessary` makes two claims. Circuits are compared with many at random; paths take more rules. */
function costsOfStatement(statement: ClaimItem["statement"]): number[] {
  if (statement.kind !== "is") return [statement.kind === "copies" ? 2 : 1];
  return [...new Set(statement.properties.map(({ text }) => text))].map(() => 3);
}

function isDone({ first, count }: Planned, results: ReadonlyMap<number, ClaimResult>): boolean {
  return Array.from({ length: count }, (_, i) => results.has(first + i)).every(Boolean);
}

/** The document with the claims of all pieces of a file. */
function joined(
  { source, modelName, first, count, faults }: Planned,
  results: ReadonlyMap<number, ClaimResult>,
): CheckedFile {
  if (faults) return { faults };
  let document: VerdictDocument | undefined;
  const verdicts: ClaimVerdict[] = [];
  const details: ClaimDetails[] = [];
  for (let piece = first; piece < first + count; piece++) {
    const result = results.get(piece)!;
    if ("faults" in result) return result;
    if (result.claims !== count) throw new Error(`${result.claims} claims were found where ${count} were read.`);
    ({ document } = result);
    verdicts.push(result.verdict);
    details.push(result.details);
  }
  return { source, verdict: withVerdicts(document!, verdicts), details, modelName };
}
