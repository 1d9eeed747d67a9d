export { compiledProgram, type CompiledProgram, type CompiledProgramName } from "./compiled-programs.ts";
export { plantedAuc, type AucSettings, type PlantedAuc } from "./planted-auc.ts";
export type { CircuitShapeName } from "./planted/circuit-shapes.ts";
export { PLANTED_TARGET, plantedModel, type PlantedModel } from "./planted/planted-model.ts";
export { prunerCases, type PrunerCase, type PrunerExpectations } from "./pruner-cases.ts";
export { rocAuc } from "./roc-auc.ts";
export { testPruner } from "./test-pruner.ts";
