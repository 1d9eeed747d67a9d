export { readCorpus } from "#platform/read-corpus";
export { hashCorpus, type Corpus, type CorpusOptions, type SourceFile } from "./corpus/source-file.ts";
export { holdOutEnds, isHeldOut, splitCorpus, type CorpusFile } from "./corpus/split-corpus.ts";
export { cutQuoteLines } from "./built-in/single-double-quote/cut-quote-lines.ts";
export type { QuoteLine, QuoteLineFile } from "./built-in/single-double-quote/quote-lines.ts";
export { defineTask, type Case, type TaskTemplates } from "./define/define-task.ts";
export type { Draft, DraftPair, Piece, PromptSource, TaskDefinition } from "./define/definition.ts";
export type { Slots, Words } from "./define/fill-template.ts";
export { loadTask, type LoadTaskOptions } from "./load-task.ts";
export { batchExamples, positionColumn, type BatchOptions, type ExampleBatch } from "./metric/batch-examples.ts";
export { answerSet } from "./metric/answer-set.ts";
export {
  evaluateTask,
  scoreAnswers,
  type EvaluateOptions,
  type Metric,
  type TaskScore,
} from "./metric/evaluate-task.ts";
export { taskLoss } from "./metric/task-loss.ts";
export { nonsenseTask } from "./nonsense.ts";
export { listTasks, showTask, type ShownPrompt, type TaskSummary } from "./show-task.ts";
export { normalName, type Example, type Feature, type FeatureValue, type Split, type Task } from "./task.ts";
export type { Vocabulary } from "./vocabulary.ts";
