export { dense } from "./dense.ts";
export { findSparsifier, listSparsifiers } from "./registry.ts";
export {
  defineSparsifier,
  SPARSIFIER_API_VERSION,
  type SparsifiedMatrix,
  type Sparsifier,
  type SparsifierStep,
} from "./sparsifier.ts";
export { topK, type TopKOptions } from "./top-k.ts";
