export { checkCircuit, type Checked } from "./check/check-circuit.ts";
export { readHeader, type Header } from "./check/header.ts";
export { DEFAULTS } from "./defaults.ts";
export { formatDiagnostic, type Diagnostic, type DiagnosticCode, type Span } from "./diagnostic.ts";
export type { Environment, ModelShape, TaskFeature, TaskNames } from "./environment.ts";
export { formatCircuit, type Formatted } from "./format.ts";
export type * from "./hypothesis.ts";
export { parseCircuit, type Parsed } from "./syntax/parse.ts";
export type * from "./syntax/tree.ts";
