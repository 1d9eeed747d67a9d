import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const varIf = defineTask({
  name: "var_if",
  summary: "After a value: a colon if it ends a condition, the end of the line if it is assigned.",
  decides: { feature: "statement", anchor: "operator" },
  cases: {
    condition: { slots: { start: "\n    if ", operator: "==" }, answer: ":\n" },
    assignment: { slots: { start: "\n    ", operator: "=" }, answer: "\n    return" },
  },
  nuisances: ["variable", "value"],
  positions: ["start", "variable", "operator"],
  templates: {
    test: [
      "\n    $line_before$start$variable $operator $value",
      "\n    $line_before${start}self.$variable $operator $value",
      "\n    $other = $function()$start$variable $operator $value",
      "\n    $line_before$start$other.$variable $operator $value",
      "\n\nasync def $function($other):$start$variable $operator $value",
      "\n    $line_before\n    $function($other)$start$variable $operator $value",
      "\n    $other = 1${start}self.$variable $operator $value",
      "\n    self.$function()$start$variable $operator $value",
      "\n    return $other\n$start$variable $operator $value",
      "\n    $line_before\n    $other += 1$start$variable $operator $value",
      "\n    self.$other = $function()$start$variable $operator $value",
      "\n    $line_before${start}self.$other.$variable $operator $value",
    ],
    dev: [
      "\n\n    $line_before$start$variable $operator $value",
      "\n\n    $line_before${start}self.$variable $operator $value",
      "\n    $other = self.$function()$start$variable $operator $value",
      "\n\n    $line_before${start}cls.$variable $operator $value",
      "\ndef $function($other):$start$variable $operator $value",
      "\n    $line_before\n    self.$function($other)$start$variable $operator $value",
      "\n    $other = []$start$variable $operator $value",
      "\n    $function()${start}self.$variable $operator $value",
      "\n    pass\n$start$variable $operator $value",
      "\n    $line_before\n    $other -= 1$start$variable $operator $value",
      "\n    self.$other = self.$function()$start$variable $operator $value",
      "\n\n    $line_before$start$other.$variable $operator $value",
    ],
  },
  words: fromBank(
    { variable: "names", other: "names", function: "functions", line_before: "lines" },
    { test: { value: ["True", "0", "2", "''"] }, dev: { value: ["False", "1", "None", "3"] } },
  ),
});
