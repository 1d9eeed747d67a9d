export { SparsifierError } from "@filigree/sparsifiers";
export { chooseSparsifier, type ChosenSparsifier } from "./choose-sparsifier.ts";
export {
  parseTrainingConfig,
  type BigramConfig,
  type DataConfig,
  type OptimiserConfig,
  type TrainingConfig,
} from "./config.ts";
export { starterConfig } from "./defaults.ts";
export { siteMeans } from "./means.ts";
export type { MetricsLine } from "./metrics.ts";
export { train, type TrainingOutcome, type TrainingProgress, type TrainOptions } from "./train.ts";
export { initialState, Trainer, type StepReport, type TrainerState } from "./trainer.ts";
export { bigramTable, drawBatch, tokenizeCorpus, type TokenCorpus, type TrainingBatch } from "./tokens.ts";
