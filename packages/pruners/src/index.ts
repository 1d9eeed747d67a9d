export { circuitEdges } from "./circuit/circuit-edges.ts";
export { circuitMask, circuitNodes } from "./circuit/node-file.ts";
export {
  definePruner,
  PRUNER_API_VERSION,
  type MaskGradient,
  type Pruner,
  type PrunerContext,
  type PrunerStep,
} from "./contract/pruner.ts";
export { findPruner, listPruners } from "./contract/registry.ts";
export type { Calibration } from "./evaluation/calibrate.ts";
export { evaluateCircuit, type CircuitEvaluation, type SplitScores } from "./evaluation/evaluate-circuit.ts";
export { learnedMask } from "./learned-mask/learned-mask.ts";
export type { PruneCheckpoint } from "./run/checkpoint.ts";
export { pruneTask, type PruneOptions, type PruneProgress, type PruneResult } from "./run/prune-task.ts";
export { PrunerError } from "./run/pruner-error.ts";
