import type { Diagnostic, DiagnosticCode, Span } from "../diagnostic.ts";

/** Collects what is wrong with one file and with the files that it imports. */
export class Report {
  readonly file: string;
  readonly #source: string | undefined;
  readonly #diagnostics: Diagnostic[];

  constructor(file: string, source?: string, diagnostics: Diagnostic[] = []) {
    this.file = file;
    this.#source = source;
    this.#diagnostics = diagnostics;
  }

  /** For what is wrong with an imported file; it is told with the rest. */
  of(file: string, source: string): Report {
    return new Report(file, source, this.#diagnostics);
  }

  /** Always undefined, so that a function that finds an error can return it. */
  error(code: DiagnosticCode, span: Span, message: string, hint?: string): undefined {
    this.add({ code, severity: "error", message, ...(hint !== undefined && { hint }), span, file: this.file });
  }

  add(diagnostic: Diagnostic): undefined {
    this.#diagnostics.push({ ...diagnostic, ...(this.#source !== undefined && { source: this.#source }) });
  }

  /** In the order of the text, those of imported files last. */
  get diagnostics(): readonly Diagnostic[] {
    const isImported = ({ source }: Diagnostic): number => (source === undefined ? 0 : 1);
    return [...this.#diagnostics].sort(
      (a, b) =>
        isImported(a) - isImported(b) || (a.file < b.file ? -1 : a.file > b.file ? 1 : a.span.start - b.span.start),
    );
  }
}
