export { parseTrainingConfig, type BigramConfig, type OptimiserConfig, type TrainingConfig } from "./config.ts";
export { siteMeans } from "./means.ts";
export type { MetricsLine } from "./run-files.ts";
export { train, type TrainingOutcome, type TrainingProgress, type TrainOptions } from "./train.ts";
export { initialState, Trainer, type StepReport, type TrainerState } from "./trainer.ts";
export { bigramTable, drawBatch, tokenizeCorpus, type TokenCorpus, type TrainingBatch } from "./tokens.ts";
