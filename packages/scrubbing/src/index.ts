export { check, openCheck, type CheckInput, type CheckOptions, type CheckOutcome, type OpenedCheck } from "./check.ts";
export { explain, type ExplainOutcome } from "./explain.ts";
export type { ClaimPlan, PlanDocument, RulePlan, WritePlan } from "./plan/plan-document.ts";
export { checkHypothesis, type CheckHypothesisOptions } from "./check-hypothesis.ts";
export { ClaimTester, type CheckOrigin, type CheckProgress, type Watch } from "./claim-tester.ts";
export type { ClaimVerdict, TraceLine, VerdictDocument, WorstSwap } from "./document.ts";
export { claimFrame } from "./report/code-frame.ts";
export type { ClaimDetails, RuleDetails, ShownAnswer, ShownPrompt, ShownSwap, SiteGroup } from "./report/details.ts";
export {
  diffVerdicts,
  type DocumentText,
  type FigureChange,
  type FileDiff,
  type ListedClaim,
  type VerdictChange,
  type VerdictDiff,
} from "./report/diff-verdicts.ts";
export { junitReport } from "./report/junit.ts";
export { verdictPage, type CheckedText } from "./report/page/verdict-page.ts";
export type { Control } from "./statements/evidence.ts";
export { bootstrap, Resamples, type Interval, type Sample } from "./statistics/bootstrap.ts";
export { clopperPearson } from "./statistics/clopper-pearson.ts";
export type { Bound, Verdict } from "./verdict.ts";
export { SharedWork } from "./shared-work.ts";
