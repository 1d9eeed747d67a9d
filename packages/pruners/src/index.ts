export { acdc } from "./built-in/acdc.ts";
export { attribution } from "./built-in/attribution.ts";
export { eapIg } from "./built-in/eap-ig.ts";
export { eap } from "./built-in/eap.ts";
export { greedy } from "./built-in/greedy.ts";
export { hardConcrete } from "./built-in/hard-concrete.ts";
export { random } from "./built-in/random.ts";
export { circuitEdges } from "./circuit/circuit-edges.ts";
export { circuitMask, circuitNodes, circuitOfFile } from "./circuit/node-file.ts";
export type { Circuit } from "./circuit/circuit.ts";
export { checkPruner, definePruner } from "./contract/define-pruner.ts";
export {
  PRUNER_API_VERSION,
  type AblationKind,
  type ActivationStatistics,
  type EdgeGradient,
  type EdgeMask,
  type MaskGradient,
  type ModelGraph,
  type NormMode,
  type PassOptions,
  type Pruner,
  type PrunerContext,
  type PrunerStep,
  type ScoringPruner,
  type SearchRange,
  type SearchRanges,
  type SteppingPruner,
} from "./contract/pruner.ts";
export { choosePruner, findPruner, listPruners } from "./contract/registry.ts";
export type { Calibration } from "./evaluation/calibrate.ts";
export { compareWithControls, type ControlVerdict } from "./evaluation/against-controls.ts";
export { assessCircuit, type AssessSettings, type CircuitAssessment } from "./evaluation/assess-circuit.ts";
export type { Estimate } from "./evaluation/bootstrap.ts";
export { runControls, type ControlName, type ControlRun, type ControlRunSettings } from "./evaluation/control-runs.ts";
export type { EdgeEffect, EdgeEffects } from "./evaluation/edge-effects.ts";
export {
  evaluateCircuit,
  type CircuitEvaluation,
  type EvaluationSettings,
  type SplitScores,
} from "./evaluation/evaluate-circuit.ts";
export type { Faithfulness } from "./evaluation/faithfulness.ts";
export type { RandomControl } from "./evaluation/random-control.ts";
export {
  measureScoreCurve,
  STANDARD_FRACTIONS,
  type CurvePoint,
  type CurveSettings,
  type ScoreCurve,
} from "./evaluation/score-curve.ts";
export { measureStability, type Stability } from "./evaluation/stability.ts";
export { scoreTask, type ScoreSettings } from "./evaluation/score-task.ts";
export { runSeeds, type SeedRun, type SeedRuns, type SeedRunSettings } from "./evaluation/seed-runs.ts";
export { untrainedModel } from "@filigree/core";
export { circuitSkeleton, type SkeletonSettings } from "./exchange/circuit-skeleton.ts";
export { circuitOfMibGraph, mibGraphOf } from "./exchange/mib-circuit.ts";
export { formatMibGraph, parseMibGraph, type MibGraph } from "./exchange/mib-graph.ts";
export { checkModelOfCircuit } from "./exchange/model-of-circuit.ts";
export { circuitOfVizData, vizDataOf, type ImportSettings } from "./exchange/viz-data-circuit.ts";
export { learnedMask } from "./learned-mask/learned-mask.ts";
export { circuitPage } from "./picture/circuit-page.ts";
export { circuitSvg, type PictureOptions } from "./picture/circuit-svg.ts";
export { readPruneCheckpoint, type PruneCheckpoint } from "./run/checkpoint.ts";
export { pruneTask, type PruneOptions, type PruneProgress, type PruneResult } from "./run/prune-task.ts";
export { BudgetError, PrunerError } from "./run/pruner-error.ts";
export { runTrial, type TrialSettings } from "./search/run-trial.ts";
export { readSearchCheckpoint, type SearchCheckpoint } from "./search/checkpoint.ts";
export { searchOptions, type SearchResult, type SearchSettings } from "./search/search-options.ts";
export type { SearchProgress, TrialRunner, TrialWatch } from "./search/search-record.ts";
export { compareRuns, type Trial, type TrialOutcome, type TrialRun } from "./search/trial.ts";
