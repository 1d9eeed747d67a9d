export {
  adamStep,
  add,
  crossEntropy,
  currentBackend,
  denseMatrix,
  gateChannels,
  keepLargest,
  keepLargestOfLines,
  linear,
  normScales,
  SparseMatrix,
  sparseRows,
  SparsityPattern,
  sumOfSquares,
  useBackend,
  valuesAt,
  type AdamSettings,
  type BackendName,
  type BackendOptions,
  type PatternedMatrix,
  type Slot,
  type SparseRows,
} from "@filigree/kernels";
export * from "@filigree/sites";
export { writeFileAtomically } from "#platform/atomic-write";
export { folderOf, pathFrom } from "#platform/paths";
export { readFileBytes } from "#platform/read-file";
export { sha256 } from "#platform/sha256";
export { escaped, htmlPage, type HtmlPage } from "./html-page.ts";
export { ablate, maskOfNodes, nodeSites, type Fills, type NodeMask, type OwnedEdit } from "./ablation.ts";
export type { ByteSource, OpenFile } from "./checkpoint/byte-source.ts";
export type { CheckpointFiles } from "./checkpoint/checkpoint-files.ts";
export { convertCheckpoint } from "./checkpoint/convert-checkpoint.ts";
export type { ElementType } from "./checkpoint/element-types.ts";
export { loadModel } from "./checkpoint/load-model.ts";
export { formatModelCard, parseModelCard, type ModelCard } from "./checkpoint/model-card.ts";
export { formatParameterFile, parseParameterFile, type ParameterFile } from "./checkpoint/parameter-file.ts";
export { readCheckpoint, type StoredCheckpoint } from "./checkpoint/read-checkpoint.ts";
export {
  formatSafetensors,
  fromFloat32,
  parseSafetensors,
  toFloat32,
  type SafetensorsFile,
  type StoredTensor,
} from "./checkpoint/safetensors.ts";
export { parseTorchTensors, type DecodedTensor } from "./checkpoint/torch/read-torch-file.ts";
export { saveModel, type Checkpoint } from "./checkpoint/save-model.ts";
export { circuitCompiler, type CompiledCircuit } from "./cone/compile-circuit.ts";
export { CONNECTIONS, type Connection } from "./connections.ts";
export type { CutMatrix, Cuts } from "./cone/cut-weights.ts";
export {
  formatConfig,
  LOCTYPES,
  parseConfig,
  parseForeignConfig,
  siteWidth,
  SUBLAYER_LOCTYPES,
  type ForeignConfig,
  type Loctype,
  type ModelConfig,
} from "./config.ts";
export {
  forward,
  normedSite,
  type Edit,
  type ForwardOptions,
  type ForwardStart,
  type NormScales,
  type Project,
  type TokenBatch,
} from "./forward.ts";
export {
  chainEdits,
  readColumn,
  recordSites,
  replaceChannels,
  writeSites,
  type Activation,
  type Write,
} from "./interventions.ts";
export { disposeModel, runModel, type Model } from "./model.ts";
export {
  checkOptions,
  choiceOption,
  defineOptions,
  describedOptions,
  numberOption,
  type DescribedSchema,
  type NumberRange,
  type Option,
  type OptionsOf,
  type OptionsSchema,
  type SchemaIssue,
  type SchemaResult,
} from "./options-schema.ts";
export {
  denseValues,
  freezeParameters,
  listParameters,
  Parameters,
  type ParameterName,
  type ParameterRole,
  type ParameterSpec,
  type ParameterStorage,
  type ParameterValues,
  type StoredValues,
} from "./parameters.ts";
export type { Sha256 } from "./platform/sha256.ts";
export { checkPluginOptions, choosePlugin } from "./plugins/choose-plugin.ts";
export { checkPlugin, PluginError, pluginFault, pluginId, type Plugin, type PluginKind } from "./plugins/plugin.ts";
export { findPlugin, listPlugins } from "./plugins/registry.ts";
export { KnownRuns, type KnownRun } from "./resume/known-runs.ts";
export { OutputRows } from "./resume/output-rows.ts";
export { ResumedBatch, type ResumedRun, type RowWrite } from "./resume/resumed-batch.ts";
export { canResume, resumeRuns, type ResumedRuns, type ResumeRequest, type RowRead } from "./resume/resume-runs.ts";
export type { TokenWrite } from "./resume/token-write.ts";
export type { EdgeCuts } from "./resample/edge-cuts.ts";
export { circuitResampler, type ResampleBatch, type ResampledRuns } from "./resample/resampled-runs.ts";
export { randomStream, seed, type RandomStream, type Seed } from "./random.ts";
export { END_OF_TEXT, parseTokenizer, tokenizerFromVocabulary, trainBpe, type Tokenizer } from "./tokenizer/index.ts";
export { untrainedModel } from "./untrained-model.ts";
export { formatVizData, readVizData, type EdgeNumbers, type VizData } from "./viz-data.ts";
