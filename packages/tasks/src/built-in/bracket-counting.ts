import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

const TEST_NUMBERS = ["1", "2", "5", "8", "11", "14", "17", "20", "23", "36", "48", "75"];
const DEV_NUMBERS = ["3", "4", "6", "7", "9", "10", "12", "16", "25", "32", "60", "99"];

export const bracketCounting = defineTask({
  name: "bracket_counting",
  summary: "Close a list of numbers with as many brackets as are open, one or two.",
  decides: { feature: "depth", anchor: "open" },
  cases: {
    flat: { slots: { open: "[" }, answer: "]\n" },
    nested: { slots: { open: "[[" }, answer: "]]\n" },
  },
  nuisances: ["variable", "first_number"],
  positions: ["open"],
  templates: {
    test: [
      "\n    $variable = $open$first_number, $b, $c",
      "\n    $variable = $open$first_number, $b, $c, $d",
      "\n    $line_before\n    $variable = $open$first_number, $b",
      "\n    $variable = $open$first_number, $b, $c, $d, $e",
      "\n    $line_before\n    $variable = $open$first_number, $b, $c, $d, $e, $f",
      "\n    self.$variable = $open$first_number, $b, $c",
      "\n    $line_before\n    self.$variable = $open$first_number, $b, $c, $d",
      "\n    $variable = $open$first_number, $b, $c, $d, $e, $f, $g, $h",
      "\n    $function($variable)\n    $variable = $open$first_number, $b, $c",
      "\n    if $variable:\n        $variable = $open$first_number, $b, $c, $d",
      "\n    $line_before\n    $variable = $open$first_number, $b, $c, $d, $e",
      "\n    self.$variable = $open$first_number, $b, $c, $d, $e, $f",
    ],
    dev: [
      "\n        $variable = $open$first_number, $b, $c",
      "\n        $variable = $open$first_number, $b, $c, $d",
      "\n        $line_before\n        $variable = $open$first_number, $b",
      "\n        $variable = $open$first_number, $b, $c, $d, $e",
      "\n        $line_before\n        $variable = $open$first_number, $b, $c, $d, $e, $f",
      "\n        self.$variable = $open$first_number, $b, $c",
      "\n        $line_before\n        self.$variable = $open$first_number, $b, $c, $d",
      "\n        $variable = $open$first_number, $b, $c, $d, $e, $f, $g",
      "\n    $function()\n    $variable = $open$first_number, $b, $c",
      "\n    if not $variable:\n        $variable = $open$first_number, $b, $c, $d",
      "\n        $line_before\n        $variable = $open$first_number, $b, $c, $d, $e",
      "\n        self.$variable = $open$first_number, $b, $c, $d, $e, $f",
    ],
  },
  words: fromBank(
    { variable: "plurals", line_before: "lines", function: "functions" },
    { test: numbers(TEST_NUMBERS), dev: numbers(DEV_NUMBERS) },
  ),
});

function numbers(words: readonly string[]) {
  return Object.fromEntries(["first_number", ..."bcdefgh"].map((slot) => [slot, words]));
}
