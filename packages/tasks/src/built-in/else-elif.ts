import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const elseElif = defineTask({
  name: "else_elif",
  summary: "After a branch's keyword: a colon after else, a condition after elif.",
  decides: { feature: "branch", anchor: "keyword" },
  cases: {
    else: { slots: { keyword: "else" }, answer: ":\n" },
    elif: { slots: { keyword: "elif" }, answer: " not" },
  },
  nuisances: ["condition", "line_before"],
  positions: ["condition", "keyword"],
  templates: {
    test: [
      "\n    if $condition:\n        $line_before\n    $keyword",
      "\n    if self.$condition:\n        $line_before\n    $keyword",
      "\n    if $condition == $other:\n        $line_before\n    $keyword",
      "\n    if $condition is None:\n        $line_before\n    $keyword",
      "\n    if $condition in $others:\n        $line_before\n    $keyword",
      "\n    if $condition and $other:\n        $line_before\n    $keyword",
      "\n    if $condition > 0:\n        $line_before\n    $keyword",
      "\n    if $other.$condition:\n        $line_before\n    $keyword",
      "\n    if $condition:\n        return $other\n    $line_before\n    if $other:\n        pass\n    $keyword",
      "\n    if $condition == 1:\n        $line_before\n    $keyword",
      "\n    if isinstance($condition, $other):\n        $line_before\n    $keyword",
      "\n    if $condition >= $other:\n        $line_before\n    $keyword",
    ],
    dev: [
      "\n        if $condition:\n            $line_before\n        $keyword",
      "\n    if not $condition:\n        $line_before\n    $keyword",
      "\n    if $condition != $other:\n        $line_before\n    $keyword",
      "\n    if $condition is not None:\n        $line_before\n    $keyword",
      "\n    if $condition not in $others:\n        $line_before\n    $keyword",
      "\n    if $condition or $other:\n        $line_before\n    $keyword",
      "\n    if $condition < 0:\n        $line_before\n    $keyword",
      "\n    if self.$other($condition):\n        $line_before\n    $keyword",
      "\n    if len($condition) == $other:\n        $line_before\n    $keyword",
      "\n    if $condition == 0:\n        $line_before\n    $keyword",
      "\n    if $other and not $condition:\n        $line_before\n    $keyword",
      "\n    if $condition <= $other:\n        $line_before\n    $keyword",
    ],
  },
  words: fromBank({ condition: "names", other: "names", others: "plurals", line_before: "lines" }),
});
