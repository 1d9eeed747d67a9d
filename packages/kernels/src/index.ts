export { currentBackend, useBackend, type BackendName, type BackendOptions } from "./backend.ts";
export { absTopK, absTopKOfParts } from "./ops/abs-top-k.ts";
export { gelu, relu } from "./ops/activation.ts";
export { attention, type AttentionShape } from "./ops/attention.ts";
export { attendWith, attentionPattern } from "./ops/attention-pattern.ts";
export { add, addToChannels, concatChannels, gateChannels, gatherTokens } from "./ops/channels.ts";
export {
  gatherColumns,
  headLanes,
  layInLanes,
  layTokensInLanes,
  mixRows,
  rowPattern,
  type LanedTokens,
  type RowLists,
  type TokenPool,
} from "./ops/row-attention.ts";
export { normaliseBy, normScales } from "./ops/held-norm.ts";
export { LAYER_NORM_EPSILON, layerNorm } from "./ops/layer-norm.ts";
export { linear } from "./ops/linear.ts";
export { overwrite, replaceRows } from "./ops/overwrite.ts";
export { denseMatrix, valuesAt } from "./ops/patterned.ts";
export { RMS_NORM_EPSILON, rmsNorm } from "./ops/rms-norm.ts";
export { concatTokens, inTokenPanels } from "./ops/token-panels.ts";
export { addTableRows, crossEntropy, embed } from "./ops/tokens.ts";
export { adamStep, keepLargest, keepLargestOfLines, sumOfSquares, type AdamSettings, type Slot } from "./optimiser.ts";
export { denseRows, SparseMatrix, sparseRows, type SparseRows } from "./sparse-matrix.ts";
export { SparsityPattern, type PatternedMatrix } from "./sparsity-pattern.ts";
export { profileKernels } from "./wasm/module.ts";
