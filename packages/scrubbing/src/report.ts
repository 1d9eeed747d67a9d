// What a program needs to put verdicts together and into words. Nothing here needs tensors, and none are loaded.
export { exampleLines } from "./report/example-lines.ts";
export { reasonOf, type Reason } from "./report/reason.ts";
export { withVerdicts } from "./with-verdicts.ts";
