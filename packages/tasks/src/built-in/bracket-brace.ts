import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const bracketBrace = defineTask({
  name: "bracket_brace",
  summary: "After a string: a colon if it is a key of a dict, a comma if it is an element of a list.",
  decides: { feature: "bracket", anchor: "bracket" },
  cases: {
    dict: { slots: { bracket: "{", mark: ":" }, answer: "':" },
    list: { slots: { bracket: "[", mark: "," }, answer: "'," },
  },
  nuisances: ["string"],
  positions: ["bracket"],
  templates: {
    test: [
      "\n    $variable = $bracket'$string",
      "\n    $line_before\n    $variable = $bracket'$string",
      "\n    self.$variable = $bracket'$string",
      "\n    $line_before\n    return $bracket'$string",
      "\n    $function($value, $bracket'$string",
      "\n    $line_before\n    $variable = $bracket'$other'$mark 1, '$string",
      "\n    self.$function($other, $bracket'$string",
      "\n    $variable = $bracket'$other'$mark $value, '$string",
      "\n    if $value:\n        $variable = $bracket'$string",
      "\n    cls.$variable = $bracket'$string",
      "\n    $line_before\n    $variable = $function($value, $bracket'$string",
      "\n    $variable = $bracket'$other'$mark 1, '$value'$mark 2, '$string",
    ],
    dev: [
      "\n        $variable = $bracket'$string",
      "\n    $line_before\n    self.$variable = $bracket'$string",
      "\n    $variable.$other = $bracket'$string",
      "\n    $line_before\n    yield $bracket'$string",
      "\n    $variable = $function($bracket'$string",
      "\n    $line_before\n    $variable = $bracket'$other'$mark 0, '$string",
      "\n    for $value in $bracket'$string",
      "\n    return $bracket'$other'$mark $value, '$string",
      "\n    if not $value:\n        $variable = $bracket'$string",
      "\n    $variable += $bracket'$string",
      "\n    $line_before\n    $value.$function($other, $bracket'$string",
      "\n    $variable = $bracket'$other'$mark 3, '$value'$mark 4, '$string",
    ],
  },
  words: fromBank({
    variable: "plurals",
    string: "names",
    other: "names",
    value: "names",
    function: "functions",
    line_before: "lines",
  }),
});
