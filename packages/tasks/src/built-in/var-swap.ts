import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const varSwap = defineTask({
  name: "var_swap",
  summary: "Swap two variables: end with the name that came first.",
  decides: { feature: "target", anchor: "target", slot: "target" },
  cases: {
    one: { slots: { target: "$one", other: "$two", source: "$two" }, answer: " $one\n" },
    two: { slots: { target: "$two", other: "$one", source: "$one" }, answer: " $two\n" },
  },
  nuisances: ["line_before"],
  positions: ["target", "other", "source"],
  templates: {
    test: [
      "\n    $line_before\n    $target, $other = $source,",
      "\n    if $one > $two:\n        $line_before\n        $target, $other = $source,",
      "\n        $line_before\n        $target, $other = $source,",
      "\n    while $one:\n        $line_before\n        $target, $other = $source,",
      "\n    def $function($one, $two):\n        $line_before\n        $target, $other = $source,",
      "\n    $line_before\n    if $third:\n        $target, $other = $source,",
      "\n    $line_before\n\n    $target, $other = $source,",
      "\n    for $third in $items:\n        $line_before\n        $target, $other = $source,",
      "\n    $third = $one\n    $line_before\n    $target, $other = $source,",
      "\n    if len($one) > len($two):\n        $line_before\n        $target, $other = $source,",
      "\n    $function($one, $two)\n    $line_before\n    $target, $other = $source,",
      "\n    $line_before\n    if $one == $two:\n        $target, $other = $source,",
    ],
    dev: [
      "\n            $line_before\n            $target, $other = $source,",
      "\n    if $one < $two:\n        $line_before\n        $target, $other = $source,",
      "\n    $line_before\n    # swap\n    $target, $other = $source,",
      "\n    while True:\n        $line_before\n        $target, $other = $source,",
      "\ndef $function($one, $two):\n    $line_before\n    $target, $other = $source,",
      "\n    $line_before\n    if not $third:\n        $target, $other = $source,",
      "\n    $line_before\n    $third = None\n    $target, $other = $source,",
      "\n    else:\n        $line_before\n        $target, $other = $source,",
      "\n    $third = []\n    $line_before\n    $target, $other = $source,",
      "\n    if len($one) < len($two):\n        $line_before\n        $target, $other = $source,",
      "\n    self.$function($one, $two)\n    $line_before\n    $target, $other = $source,",
      "\n    $line_before\n    if $one != $two:\n        $target, $other = $source,",
    ],
  },
  words: fromBank({
    one: "names",
    two: "names",
    third: "names",
    items: "plurals",
    function: "functions",
    line_before: "lines",
  }),
});
