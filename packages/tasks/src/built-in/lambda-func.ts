import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const lambdaFunc = defineTask({
  name: "lambda_func",
  summary: "After a name: a colon if it is a lambda's argument, a bracket if it is a new function.",
  decides: { feature: "form", anchor: "start" },
  cases: {
    lambda: { slots: { start: "$variable = lambda" }, answer: ":" },
    function: { slots: { start: "def" }, answer: "(" },
  },
  nuisances: ["name"],
  positions: ["start", "name"],
  templates: {
    test: [
      "\n    $start $name",
      "\n    $line_before\n    $start $name",
      "\n    $line_before\n\n    $start $name",
      "\n    if $other:\n        $start $name",
      "\n        return $other\n\n    $start $name",
      "\n    $other = None\n    $start $name",
      "\n    def $function(self):\n        $start $name",
      "\n    $line_before\n    $other = self.$function()\n    $start $name",
      "\n    return $other\n\n    $start $name",
      "\n    $function($other)\n    $start $name",
      "\n    for $other in self.$function():\n        $start $name",
      "\n    $line_before\n    if $other:\n        $start $name",
    ],
    dev: [
      "\n        $start $name",
      "\n        $line_before\n        $start $name",
      "\n        $line_before\n\n        $start $name",
      "\n    if not $other:\n        $start $name",
      "\n        yield $other\n\n    $start $name",
      "\n    $other = 0\n    $start $name",
      "\ndef $function($other):\n    $start $name",
      "\n    $line_before\n    $other = $function()\n    $start $name",
      "\n    pass\n\n    $start $name",
      "\n    self.$function($other)\n    $start $name",
      "\n    while $other:\n        $start $name",
      "\n    $line_before\n    if not $other:\n        $start $name",
    ],
  },
  words: fromBank({ name: "names", variable: "names", other: "names", function: "functions", line_before: "lines" }),
});
