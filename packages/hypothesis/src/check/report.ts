import type { Diagnostic, DiagnosticCode, Span } from "../diagnostic.ts";

/** Collects what is wrong with one file. */
export class Report {
  readonly #file: string;
  readonly #diagnostics: Diagnostic[] = [];

  constructor(file: string) {
    this.#file = file;
  }

  /** Always undefined, so that a function that finds an error can return it. */
  error(code: DiagnosticCode, span: Span, message: string, hint?: string): undefined {
    this.#diagnostics.push({
      code,
      severity: "error",
      message,
      ...(hint !== undefined && { hint }),
      span,
      file: this.#file,
    });
  }

  add(diagnostic: Diagnostic): undefined {
    this.#diagnostics.push(diagnostic);
  }

  /** In the order of the text. */
  get diagnostics(): readonly Diagnostic[] {
    return [...this.#diagnostics].sort((a, b) => a.span.start - b.span.start);
  }
}
