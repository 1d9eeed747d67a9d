import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const whileReturnTrue = defineTask({
  name: "while_return_true",
  summary: "After True: a colon if a while loop begins, the end of the line if it is returned.",
  decides: { feature: "keyword", anchor: "keyword" },
  cases: {
    while: { slots: { keyword: "while" }, answer: ":\n" },
    return: { slots: { keyword: "return" }, answer: "\n    return" },
  },
  nuisances: ["condition"],
  positions: ["keyword", "condition"],
  templates: {
    test: [
      "\n    if $condition:\n        $keyword True",
      "\n    if $condition:\n        $line_before\n        $keyword True",
      "\n    if $condition == $other:\n        $keyword True",
      "\n    if self.$condition:\n        $keyword True",
      "\n    def $function(self, $condition):\n        $keyword True",
      "\n    for $condition in $items:\n        $keyword True",
      "\n    if $condition in $items:\n        $line_before\n        $keyword True",
      "\n    $line_before\n    if $condition.$function():\n        $keyword True",
      "\n    if $condition > 0:\n        $keyword True",
      "\n    $other = $function()\n    if $condition:\n        $keyword True",
      "\n    if $condition and $other:\n        $keyword True",
      "\n    if len($condition) == 1:\n        $line_before\n        $keyword True",
    ],
    dev: [
      "\n    if not $condition:\n        $keyword True",
      "\n    if not $condition:\n        $line_before\n        $keyword True",
      "\n    if $condition != $other:\n        $keyword True",
      "\n    if $condition is None:\n        $keyword True",
      "\n    def $function($condition):\n        $keyword True",
      "\n    if $condition > $other:\n        $keyword True",
      "\n    if $condition not in $items:\n        $line_before\n        $keyword True",
      "\n    $line_before\n    if self.$function($condition):\n        $keyword True",
      "\n    if $condition < 0:\n        $keyword True",
      "\n    $other = self.$function()\n    if not $condition:\n        $keyword True",
      "\n    if $condition or $other:\n        $keyword True",
      "\n    if len($condition) < 2:\n        $line_before\n        $keyword True",
    ],
  },
  words: fromBank({
    condition: "names",
    other: "names",
    items: "plurals",
    function: "functions",
    line_before: "lines",
  }),
});
