export * from "./matmul";
export * from "./topk";
export * from "./norm";
export * from "./activation";
export * from "./attention";
export * from "./tokens";
export * from "./optimiser";
