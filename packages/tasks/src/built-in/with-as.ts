import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const withAs = defineTask({
  name: "with_as",
  summary: "After opening a file: `as` in a with statement, the end of the line in an assignment.",
  decides: { feature: "statement", anchor: "start" },
  cases: {
    with: { slots: { start: "with" }, answer: " as f:\n" },
    assignment: { slots: { start: "$handle =" }, answer: "\n    return" },
  },
  nuisances: ["file"],
  positions: ["start", "file"],
  templates: {
    test: [
      "\n    $line_before\n    $start open($file)",
      "\n    $start open(self.$file)",
      "\n    $line_before\n    $start open($file, 'rb')",
      "\n    $line_before\n    $start open('$file.txt')",
      "\n    $start open(os.path.join($other, $file))",
      "\n    $line_before\n    $start open($other.$file)",
      "\n    $start open($other, $file)",
      '\n    $line_before\n    $start open("$file.txt", "w")',
      "\n    if $other:\n        $other = 1\n    $start open($file, 'rb')",
      "\n    $other = self.$other\n    $start open($file)",
      "\n    $line_before\n    $start open($other + '.txt', $file)",
      '\n    $start open($file, "r")',
    ],
    dev: [
      "\n    $line_before\n    $start io.open($file)",
      "\n    $start open(args.$file)",
      "\n    $line_before\n    $start open($file, 'r')",
      "\n    $line_before\n    $start open('$file.py')",
      "\n    $start open($other + $file)",
      "\n    $line_before\n    $start open($file, 'w', encoding='utf-8')",
      "\n    $start open($file, mode=$other)",
      '\n    $line_before\n    $start open("$file.log", "a")',
      "\n    if not $other:\n        $other = 0\n    $start open($file, 'r')",
      "\n    $other = args.$other\n    $start open($file)",
      "\n    $line_before\n    $start open($other % $file)",
      '\n    $start open($file, "w")',
    ],
  },
  words: fromBank(
    { file: "names", other: "names", line_before: "lines" },
    { test: { handle: ["f", "fp", "source", "handle"] }, dev: { handle: ["fd", "stream", "input", "out"] } },
  ),
});
