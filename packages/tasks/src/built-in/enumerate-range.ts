import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const enumerateRange = defineTask({
  name: "enumerate_range",
  summary: "In a for loop: enumerate for two loop variables, range for one.",
  decides: { feature: "variables", anchor: "variables" },
  cases: {
    two: { slots: { variables: "$index, $item" }, answer: " enumerate(" },
    one: { slots: { variables: "$index" }, answer: " range(" },
  },
  nuisances: ["line_before"],
  positions: ["variables"],
  templates: {
    test: [
      "\n    $line_before\n    for $variables in",
      "\n    $line_before\n\n    for $variables in",
      "\n    $items = []\n    $line_before\n    for $variables in",
      "\n    def $function(self, $items):\n        $line_before\n        for $variables in",
      "\n    if $items:\n        $line_before\n        for $variables in",
      "\n    $line_before\n    $items = self.$function()\n    for $variables in",
      "\n    try:\n        $line_before\n        for $variables in",
      "\n    $line_before\n    if $other:\n        for $variables in",
      "\n    $line_before\n    $other = 1\n    for $variables in",
      "\n    self.$items = []\n    $line_before\n    for $variables in",
      "\n    $function($other)\n    $line_before\n    for $variables in",
      "\n    while $other:\n        $line_before\n        for $variables in",
    ],
    dev: [
      "\n        $line_before\n        for $variables in",
      "\n        $line_before\n\n        for $variables in",
      "\n    $items = {}\n    $line_before\n    for $variables in",
      "\ndef $function($items):\n    $line_before\n    for $variables in",
      "\n    else:\n        $line_before\n        for $variables in",
      "\n    $line_before\n    $items = $function()\n    for $variables in",
      "\n    with self.lock:\n        $line_before\n        for $variables in",
      "\n    $line_before\n    if not $other:\n        for $variables in",
      "\n    $line_before\n    $other = 0\n    for $variables in",
      "\n    self.$items = {}\n    $line_before\n    for $variables in",
      "\n    self.$function($other)\n    $line_before\n    for $variables in",
      "\n    while not $other:\n        $line_before\n        for $variables in",
    ],
  },
  words: fromBank(
    { item: "names", other: "names", items: "plurals", function: "functions", line_before: "lines" },
    { test: { index: ["i", "n", "x", "index"] }, dev: { index: ["j", "k", "pos", "number"] } },
  ),
});
