import type { TaskDefinition } from "../define/definition.ts";
import { bracketBrace } from "./bracket-brace.ts";
import { bracketCounting } from "./bracket-counting.ts";
import { classInit } from "./class-init.ts";
import { elseElif } from "./else-elif.ts";
import { enumerateRange } from "./enumerate-range.ts";
import { finalKwarg } from "./final-kwarg.ts";
import { forWhile } from "./for-while.ts";
import { fstringBrace } from "./fstring-brace.ts";
import { ifEquals } from "./if-equals.ts";
import { ifTernary } from "./if-ternary.ts";
import { indentFor } from "./indent-for.ts";
import { lambdaFunc } from "./lambda-func.ts";
import { setOrString, setOrStringFixedName } from "./set-or-string.ts";
import { singleDoubleQuote } from "./single-double-quote/single-double-quote.ts";
import { varIf } from "./var-if.ts";
import { varSwap } from "./var-swap.ts";
import { whileReturnTrue } from "./while-return-true.ts";
import { withAs } from "./with-as.ts";
import { withOpen } from "./with-open.ts";

/**
 * Every built-in task: the twenty of Gao et al. 2025 (arXiv 2511.13653), table 1, in its order. The paper gives their
 * two completions but not their prompts, which are this project's.
 */
export const BUILT_IN_TASKS: readonly TaskDefinition[] = [
  singleDoubleQuote,
  finalKwarg,
  setOrString,
  setOrStringFixedName,
  classInit,
  withAs,
  bracketBrace,
  withOpen,
  bracketCounting,
  forWhile,
  elseElif,
  fstringBrace,
  ifTernary,
  varSwap,
  indentFor,
  lambdaFunc,
  ifEquals,
  enumerateRange,
  varIf,
  whileReturnTrue,
];
