import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const ifEquals = defineTask({
  name: "if_equals",
  summary: "After a name: `==` in a condition, `=` at the start of a statement.",
  decides: { feature: "statement", anchor: "start" },
  cases: {
    condition: { slots: { start: "\n    if " }, answer: " == 1" },
    assignment: { slots: { start: "\n    " }, answer: " = 1" },
  },
  nuisances: ["variable"],
  positions: ["start", "variable"],
  templates: {
    test: [
      "\n    $line_before$start$variable",
      "\n    $line_before${start}self.$variable",
      "\n    $other = $function()$start$variable",
      "\n    $line_before$start$other.$variable",
      "\n\nasync def $function($other):$start$variable",
      "\n    $line_before\n    $function($other)$start$variable",
      "\n    $other = 1${start}self.$variable",
      "\n    self.$function()$start$variable",
      "\n    return $other\n$start$variable",
      "\n    $line_before\n    $other += 1$start$variable",
      "\n    self.$other = $function()$start$variable",
      "\n    $line_before${start}self.$other.$variable",
    ],
    dev: [
      "\n\n    $line_before$start$variable",
      "\n\n    $line_before${start}self.$variable",
      "\n    $other = self.$function()$start$variable",
      "\n\n    $line_before${start}cls.$variable",
      "\ndef $function($other):$start$variable",
      "\n    $line_before\n    self.$function($other)$start$variable",
      "\n    $other = []$start$variable",
      "\n    $function()${start}self.$variable",
      "\n    pass\n$start$variable",
      "\n    $line_before\n    $other -= 1$start$variable",
      "\n    self.$other = self.$function()$start$variable",
      "\n\n    $line_before$start$other.$variable",
    ],
  },
  words: fromBank({ variable: "names", other: "names", function: "functions", line_before: "lines" }),
});
