import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const fstringBrace = defineTask({
  name: "fstring_brace",
  summary: "Inside a string: insert a variable if it is an f-string, else close it.",
  decides: { feature: "string type", anchor: "opener" },
  cases: {
    "f-string": { slots: { opener: '(f"' }, answer: " {value}" },
    plain: { slots: { opener: '("' }, answer: '")\n' },
  },
  nuisances: ["message"],
  positions: ["opener"],
  templates: {
    test: [
      "\n    print$opener$message",
      "\n    $line_before\n    print$opener$message",
      "\n    raise ValueError$opener$message",
      "\n    $line_before\n    raise RuntimeError$opener$message",
      "\n    if $name:\n        print$opener$message",
      "\n    for $name in $names:\n        print$opener$message",
      "\n    self.fail$opener$message",
      "\n    $line_before\n    self.$function$opener$message",
      "\n    raise $name$opener$message",
      "\n    self.$name.$function$opener$message",
      "\n    $line_before\n    raise OSError$opener$message",
      "\n    else:\n        print$opener$message",
    ],
    dev: [
      "\n        print$opener$message",
      "\n        $line_before\n        print$opener$message",
      "\n    raise TypeError$opener$message",
      "\n    $line_before\n    raise KeyError$opener$message",
      "\n    if not $name:\n        print$opener$message",
      "\n    while $name:\n        print$opener$message",
      "\n    sys.exit$opener$message",
      "\n    $line_before\n    log.$function$opener$message",
      "\n    raise self.$name$opener$message",
      "\n    $name.$function$opener$message",
      "\n    $line_before\n    raise NameError$opener$message",
      "\n    try:\n        print$opener$message",
    ],
  },
  words: fromBank(
    { name: "names", names: "plurals", function: "functions", line_before: "lines" },
    {
      test: {
        message: [
          "cannot open file",
          "unknown option",
          "no such module",
          "missing header",
          "invalid line",
          "wrong size",
          "reading",
          "skipping test",
          "bad request",
          "found",
        ],
      },
      dev: {
        message: [
          "cannot close socket",
          "unknown type",
          "no such field",
          "missing value",
          "invalid token",
          "wrong length",
          "writing",
          "removing file",
          "bad status",
          "got",
        ],
      },
    },
  ),
});
