export {
  adamStep,
  crossEntropy,
  currentBackend,
  keepLargest,
  SparseMatrix,
  sumOfSquares,
  useBackend,
  type AdamSettings,
  type BackendName,
  type Slot,
} from "@filigree/kernels";
export * from "@filigree/sites";
export { ablate, maskOfNodes, nodeSites, type Fills, type NodeMask, type OwnedEdit } from "./ablation.ts";
export { writeFileAtomically } from "./atomic-write.ts";
export { loadModel } from "./checkpoint/load-model.ts";
export { formatModelCard, parseModelCard, type ModelCard } from "./checkpoint/model-card.ts";
export { formatParameterFile, parseParameterFile, type ParameterFile } from "./checkpoint/parameter-file.ts";
export {
  formatSafetensors,
  fromFloat32,
  parseSafetensors,
  toFloat32,
  type ElementType,
  type SafetensorsFile,
  type StoredTensor,
} from "./checkpoint/safetensors.ts";
export { saveModel, type Checkpoint } from "./checkpoint/save-model.ts";
export { formatConfig, LOCTYPES, parseConfig, siteWidth, type Loctype, type ModelConfig } from "./config.ts";
export { forward, type Edit, type ForwardOptions, type TokenBatch } from "./forward.ts";
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
  freezeParameters,
  listParameters,
  Parameters,
  type ParameterName,
  type ParameterRole,
  type ParameterSpec,
  type ParameterValues,
} from "./parameters.ts";
export { randomStream, seed, type RandomStream, type Seed } from "./random.ts";
export { END_OF_TEXT, parseTokenizer, trainBpe, type Tokenizer } from "./tokenizer/index.ts";
