export { checkSparsifier, defineSparsifier } from "./define-sparsifier.ts";
export { dense } from "./dense.ts";
export { hardConcrete } from "./hard-concrete.ts";
export { magnitude } from "./magnitude.ts";
export { findSparsifier, listSparsifiers, SPARSIFIERS } from "./registry.ts";
export { rigl } from "./rigl.ts";
export { set } from "./set.ts";
export {
  SPARSIFIER_API_VERSION,
  type DenseContext,
  type DenseMatrix,
  type DenseSparsifier,
  type MatricesContext,
  type Matrix,
  type NonzeroMatrix,
  type NonzeroSparsifier,
  type Sparsifier,
  type SparsifierContext,
  type StepPosition,
} from "./sparsifier.ts";
export { SparsifierError } from "./sparsifier-error.ts";
export { topK } from "./top-k.ts";
