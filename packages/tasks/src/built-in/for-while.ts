import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const forWhile = defineTask({
  name: "for_while",
  summary: "After a loop's first name: `in` in a for loop, a colon in a while loop.",
  decides: { feature: "loop", anchor: "keyword" },
  cases: {
    for: { slots: { keyword: "for" }, answer: " in" },
    while: { slots: { keyword: "while" }, answer: ":\n" },
  },
  nuisances: ["variable"],
  positions: ["keyword", "variable"],
  templates: {
    test: [
      "\n    $keyword $variable",
      "\n    $line_before\n    $keyword $variable",
      "\n    $items = []\n    $keyword $variable",
      "\n    def $function(self, $items):\n        $keyword $variable",
      "\n    if $items:\n        $keyword $variable",
      "\n    $line_before\n    $items = self.$function()\n    $keyword $variable",
      "\n    $line_before\n\n    $keyword $variable",
      "\n    try:\n        $keyword $variable",
      "\n    self.$items = []\n    $keyword $variable",
      "\n    $function($items)\n    $keyword $variable",
      "\n    $line_before\n    if $items:\n        $keyword $variable",
      "\n    def $function(self):\n        $line_before\n        $keyword $variable",
    ],
    dev: [
      "\n        $keyword $variable",
      "\n        $line_before\n        $keyword $variable",
      "\n    $items = {}\n    $keyword $variable",
      "\ndef $function($items):\n    $keyword $variable",
      "\n    else:\n        $keyword $variable",
      "\n    $line_before\n    $items = $function()\n    $keyword $variable",
      "\n    with self.lock:\n        $keyword $variable",
      "\n    if not $items:\n        return\n    $keyword $variable",
      "\n    self.$items = {}\n    $keyword $variable",
      "\n    self.$function($items)\n    $keyword $variable",
      "\n    $line_before\n    if not $items:\n        $keyword $variable",
      "\ndef $function():\n    $line_before\n    $keyword $variable",
    ],
  },
  words: fromBank({ variable: "names", items: "plurals", function: "functions", line_before: "lines" }),
});
