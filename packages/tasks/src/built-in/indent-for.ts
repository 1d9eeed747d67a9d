import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const indentFor = defineTask({
  name: "indent_for",
  summary: "Indent the line after a for loop's first line one step further than the loop.",
  decides: { feature: "indentation", anchor: "indentation" },
  cases: {
    four: { slots: { indentation: "\n    " }, answer: "\n        self" },
    eight: { slots: { indentation: "\n        " }, answer: "\n            self" },
  },
  nuisances: ["item", "items"],
  positions: ["indentation", "item", "items"],
  templates: {
    test: [
      "\n        $line_before${indentation}for $item in $items:",
      "\n        self.$function($other)${indentation}for $item in self.$items:",
      "\n        $line_before${indentation}for $item in $other.$items:",
      "\n        self.$other = $item${indentation}for $item in $items:",
      "\n        $line_before${indentation}for $item, $other in $items:",
      "\n        $other = $function()${indentation}for $item in $items():",
      "\n        $line_before${indentation}for $item in range($items):",
      "\n        $line_before\n        $other = []${indentation}for $item in $items:",
      "\n        $line_before${indentation}for $item in $items.$function():",
      "\n        $other = $item${indentation}for $item in $items:",
      "\n        self.$other = []${indentation}for $item, $other in $items:",
      "\n        $line_before${indentation}for $item in $other[$items]:",
    ],
    dev: [
      "\n        yield $other${indentation}for $item in $items:",
      "\n        $line_before${indentation}for $item in list($items):",
      "\n        $other = None${indentation}for $item in self.$items:",
      "\n        $line_before${indentation}for $item in self.$function($items):",
      "\n        $function($other)${indentation}for $item in $items:",
      "\n        $line_before${indentation}for $item in sorted($items):",
      "\n        $other = {}${indentation}for $item in self.$items():",
      "\n        $line_before\n        $other += 1${indentation}for $item in $items:",
      "\n        $line_before${indentation}for $item in self.$items.$function():",
      "\n        del $other${indentation}for $item in $items:",
      "\n        self.$other = {}${indentation}for $other, $item in self.$items:",
      "\n        $line_before${indentation}for $item in set($items):",
    ],
  },
  words: fromBank({ item: "names", other: "names", items: "plurals", function: "functions", line_before: "lines" }),
});
