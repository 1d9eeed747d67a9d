export { check, type CheckOptions, type CheckOutcome } from "./check.ts";
export { checkHypothesis, type CheckHypothesisOptions, type CheckProgress } from "./check-hypothesis.ts";
export type { ClaimVerdict, TraceLine, VerdictDocument, WorstSwap } from "./document.ts";
export type { Control } from "./statements/evidence.ts";
export { bootstrap, type Interval, type Sample } from "./statistics/bootstrap.ts";
export { clopperPearson } from "./statistics/clopper-pearson.ts";
export type { Verdict } from "./verdict.ts";
