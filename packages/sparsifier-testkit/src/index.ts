export { sparsifierCases, type SparsifierCase, type SparsifierExpectations } from "./sparsifier-cases.ts";
export { testSparsifier } from "./test-sparsifier.ts";
