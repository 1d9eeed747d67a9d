/** A stretch of a source text. Offsets count UTF-16 units from 0; lines and columns count from 1. */
export interface Span {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly line: number;
  readonly column: number;
}

/** Something wrong with a `.circuit` file. Codes are stable: scripts may rely on them. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: "error" | "warning";
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  readonly span: Span;
  readonly file: string;
  /** The text of that file, where it is an imported one. */
  readonly source?: string;
}

/** Every code that a diagnostic can have. */
export const DIAGNOSTIC_CODES = [
  // what the parser finds
  "syntax",
  "unexpected-character",
  "unclosed-text",
  "too-large",
  // the file as a whole
  "missing-model",
  "missing-task",
  "unreadable-model",
  "unreadable-task",
  "no-claims",
  "repeated-declaration",
  "repeated-claim-name",
  "wrong-number",
  "unknown-split",
  // names
  "unknown-name",
  "repeated-name",
  "circular-name",
  "unknown-layer",
  "unknown-head",
  "unknown-channel",
  "unknown-node",
  "unknown-part",
  "unknown-feature",
  "unknown-position",
  "node-file",
  // definitions
  "import",
  "circular-import",
  "misplaced-line",
  "unknown-type",
  "wrong-type",
  "wrong-pattern",
  "wrong-position",
  // what a statement may be about
  "wrong-sites",
  "wrong-channels",
  "repeated-position",
  "position-in-circuit",
  "empty-circuit",
  "missing-anchor",
  "wrong-route",
  "not-upstream",
  "overlapping-sites",
  "overlapping-claims",
  // expectations
  "unknown-figure",
  "unknown-expectation",
  "missing-expectation",
  "repeated-expectation",
  "wrong-direction",
] as const;

export type DiagnosticCode = (typeof DIAGNOSTIC_CODES)[number];

/**
 * A diagnostic as a person reads it: plain text, no colour.
 *
 * ```
 * quotes.circuit:5:6: error: there is no layer 10 [unknown-layer]
 *   5 | attn L10 copies quote type
 *     |      ^^^
 *   the model has 2 layers: L0 and L1
 * ```
 * @param source the text of the file that was checked
 */
export function formatDiagnostic(diagnostic: Diagnostic, source: string): string {
  const { file, span, severity, message, code, hint } = diagnostic;
  const line = (diagnostic.source ?? source).split(/\r\n|\r|\n/)[span.line - 1] ?? "";
  const before = line.slice(0, span.column - 1);
  const marked = Math.max(1, Math.min(span.end - span.start, line.length - before.length));
  const gutter = String(span.line);
  return [
    `${file}:${span.line}:${span.column}: ${severity}: ${message} [${code}]`,
    `  ${gutter} | ${line.replace(/\t/g, " ")}`.trimEnd(),
    `  ${" ".repeat(gutter.length)} | ${" ".repeat(before.length)}${"^".repeat(marked)}`,
    ...(hint === undefined ? [] : [`  ${hint}`]),
  ].join("\n");
}
