import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const ifTernary = defineTask({
  name: "if_ternary",
  summary: "After a condition: `else` in a conditional expression, a colon in an if statement.",
  decides: { feature: "form", anchor: "start" },
  cases: {
    expression: { slots: { start: "return", joint: "if" }, answer: " else" },
    statement: { slots: { start: "if", joint: "and" }, answer: ":\n" },
  },
  nuisances: ["value", "condition"],
  positions: ["start", "joint", "condition"],
  templates: {
    test: [
      "\n    $start $value $joint $condition",
      "\n    $line_before\n    $start $value $joint $condition",
      "\n    $start self.$value $joint self.$condition",
      "\n    $line_before\n    $start $value $joint not $condition",
      "\n    $start $other.$value $joint $condition",
      "\n    $line_before\n    $start len($value) $joint $condition",
      "\n    $start $value $joint self.$condition",
      "\n    $line_before\n    $start $function($value) $joint $condition",
      "\n    $start $value $joint $condition is None",
      "\n    $start $value $joint $condition == 1",
      "\n    $line_before\n    $start $value $joint $condition > 0",
      "\n    $line_before\n    $start $other[$value] $joint $condition",
    ],
    dev: [
      "\n        $start $value $joint $condition",
      "\n        $line_before\n        $start $value $joint $condition",
      "\n    $start self.$value $joint $condition",
      "\n    $line_before\n    $start not $value $joint $condition",
      "\n    $start $value $joint $other.$condition",
      "\n    $line_before\n    $start $value[0] $joint $condition",
      "\n    $start $value.$other $joint not $condition",
      "\n    $line_before\n    $start self.$function($value) $joint $condition",
      "\n    $start $value $joint $condition is not None",
      "\n    $start $value $joint $condition == 0",
      "\n    $line_before\n    $start $value $joint $condition < 1",
      "\n    $line_before\n    $start $value[1:] $joint $condition",
    ],
  },
  words: fromBank({
    value: "names",
    condition: "names",
    other: "names",
    function: "functions",
    line_before: "lines",
  }),
});
