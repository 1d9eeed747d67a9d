import type {
  CheckInput,
  CheckProgress,
  ClaimDetails,
  ClaimVerdict,
  OpenedCheck,
  SharedWork,
  VerdictDocument,
} from "@filigree/scrubbing";
import { InputError } from "@filigree/sites";
import { LineWriter } from "../line-file.ts";
import type { PieceWatch, Workbench } from "../workers/workbench.ts";

/** One claim of a `.circuit` file. */
export interface ClaimPiece {
  readonly check: CheckInput;
  /** Counts from 0. */
  readonly claim: number;
  /** Where the trace of this claim's swaps goes. */
  readonly trace?: string;
  /** How long it takes, roughly: 1 for a few thousand swaps. */
  readonly cost: number;
}

/** One claim's verdict, as it is by itself, and the document that waits for all of them; or what is wrong with the file. */
export type ClaimResult =
  | {
      readonly verdict: ClaimVerdict;
      readonly details: ClaimDetails;
      /** Without claims. */
      readonly document: VerdictDocument;
      /** How many claims the file makes. */
      readonly claims: number;
    }
  /** One readable message an element. */
  | { readonly faults: readonly string[] };

/** Tests claims. It keeps the file in hand open, and the model with what it shows for files that follow. */
export class ClaimsWorkbench implements Workbench<ClaimPiece, ClaimResult, CheckProgress> {
  #shared: SharedWork | undefined;
  #open: { readonly file: string; readonly check: OpenedCheck } | undefined;

  /** Faulty input becomes a result, so that the other files of a run have their turn. */
  async do(
    { check, claim, trace }: ClaimPiece,
    { onNews: onProgress, signal }: PieceWatch<CheckProgress>,
  ): Promise<ClaimResult> {
    try {
      const opened = await this.#opened(check, onProgress);
      if (!("tester" in opened)) {
        const { formatDiagnostic } = await import("@filigree/hypothesis");
        return { faults: opened.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, check.text)) };
      }
      const { tester, origin } = opened;
      const lines = trace === undefined ? undefined : new LineWriter(trace);
      try {
        const writeLine = lines && ((line: object) => lines.add(JSON.stringify(line)));
        let details: ClaimDetails | undefined;
        const onDetails = (found: ClaimDetails) => (details = found);
        const verdict = await tester.test(claim, { onProgress, signal, trace: writeLine, onDetails });
        return { verdict, details: details!, document: tester.document([], origin), claims: tester.claims };
      } finally {
        lines?.close();
      }
    } catch (error) {
      if (error instanceof InputError) return { faults: [`error: ${error.message}`] };
      throw error;
    }
  }

  close(): void {
    this.#closeFile();
    this.#shared?.dispose();
    this.#shared = undefined;
  }

  #closeFile(): void {
    if (this.#open && "tester" in this.#open.check) this.#open.check.dispose();
    this.#open = undefined;
  }

  async #opened(input: CheckInput, onProgress: (progress: CheckProgress) => void): Promise<OpenedCheck> {
    if (this.#open?.file !== input.file) {
      this.#closeFile();
      const { openCheck, SharedWork } = await import("@filigree/scrubbing");
      this.#shared ??= new SharedWork();
      this.#open = { file: input.file, check: await openCheck(input, { onProgress, shared: this.#shared }) };
    }
    return this.#open!.check;
  }
}
