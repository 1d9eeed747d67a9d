export {
  addToRows,
  compressRows,
  countNonzero,
  csrMatMul,
  csrMatMulScratch,
  shareNonzero,
  sumRows,
  transpose,
  transposeCsr,
} from "./matmul";
export * from "./topk";
export { absTopKScratch } from "./topk-search";
export { keepLargest } from "./keep-largest";
export * from "./keep-largest-of-lines";
export { rmsNorm, rmsNormGrad } from "./norm";
export * from "./layer-norm";
export * from "./channels";
export * from "./activation";
export { attention, attentionPattern, attentionScratch, attentionSoftmaxes, attendWith } from "./attention";
export * from "./row-attention";
export { attentionGrad, attentionGradScratch } from "./attention-gradient";
export * from "./pattern";
export * from "./tokens";
export * from "./optimiser";
export * from "./patterned-gradient";
export * from "./sampled-product";
export { weightGrad, weightGradScratch } from "./weight-gradient";
