export { check, openCheck, type CheckInput, type CheckOptions, type CheckOutcome, type OpenedCheck } from "./check.ts";
export { checkHypothesis, type CheckHypothesisOptions } from "./check-hypothesis.ts";
export { ClaimTester, type CheckOrigin, type CheckProgress, type Watch } from "./claim-tester.ts";
export type { ClaimVerdict, TraceLine, VerdictDocument, WorstSwap } from "./document.ts";
export type { Control } from "./statements/evidence.ts";
export { bootstrap, type Interval, type Sample } from "./statistics/bootstrap.ts";
export { clopperPearson } from "./statistics/clopper-pearson.ts";
export type { Verdict } from "./verdict.ts";
