export { checkCircuit, type Checked } from "./check/check-circuit.ts";
export { readHeader, type Header } from "./check/header.ts";
export { DEFAULTS } from "./defaults.ts";
export { DIAGNOSTIC_CODES, formatDiagnostic, type Diagnostic, type DiagnosticCode, type Span } from "./diagnostic.ts";
export type { Environment, ExpressionType, ImportedFile, ModelShape, TaskFeature, TaskNames } from "./environment.ts";
export {
  evaluateExpression,
  findPosition,
  type ExpressionSubject,
  type ExpressionValue,
} from "./expression/evaluate.ts";
export { formatCircuit, type Formatted } from "./format.ts";
export type * from "./hypothesis.ts";
export type * from "./syntax/expression-tree.ts";
export { parseCircuit, type Parsed } from "./syntax/parse.ts";
export type * from "./syntax/tree.ts";
