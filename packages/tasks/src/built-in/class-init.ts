import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const classInit = defineTask({
  name: "class_init",
  summary: "In a constructor, set an attribute to the argument of the same name.",
  decides: { feature: "attribute", anchor: "attribute", slot: "attribute" },
  cases: {
    first: { slots: { attribute: "$one" }, answer: " $one\n", positions: { argument: "one", other: "two" } },
    second: { slots: { attribute: "$two" }, answer: " $two\n", positions: { argument: "two", other: "one" } },
  },
  nuisances: ["extra"],
  positions: ["attribute"],
  templates: {
    test: [
      "\n    def __init__(self, $one, $two, $extra):\n        self.$attribute =",
      "\n    def __init__(self, $extra, $one, $two):\n        self.$attribute =",
      "\n    def __init__(self, $one, $two, $extra=None):\n        self.$attribute =",
      "\n    def __init__(self, $one, $two):\n        self.$extra = None\n        self.$attribute =",
      "\n    def __init__(self, $one, $two, $extra):\n        super().__init__()\n        self.$attribute =",
      "\n    def __init__(self, $one, $two):\n        self.$extra = 0\n        self.$attribute =",
      "\n        return $extra\n\n    def __init__(self, $one, $two):\n        self.$attribute =",
      "\n    def __init__(self, $extra, $one, $two):\n        $line_before\n        self.$attribute =",
      "\n    def __init__(self, $one, $two, **$extra):\n        self.$attribute =",
      "\n    $line_before\n\n    def __init__(self, $extra, $one, $two):\n        self.$attribute =",
      "\n\nclass $class($extra):\n    def __init__(self, $one, $two):\n        self.$attribute =",
      "\n    def __init__(self, $one, $two):\n        self.$extra = self\n        self.$attribute =",
    ],
    dev: [
      "\n    def __init__(self, $one, $extra=0, $two=0):\n        self.$attribute =",
      "\n    def __init__(self, $one, $two, *$extra):\n        self.$attribute =",
      "\n    def __init__(self, $one, $two=None, $extra=None):\n        self.$attribute =",
      "\n    def __init__(self, $one, $two):\n        self.$extra = []\n        self.$attribute =",
      "\n\nclass $class:\n    def __init__(self, $one, $two, $extra):\n        self.$attribute =",
      "\n    def __init__(self, $one, $two):\n        self.$extra = {}\n        self.$attribute =",
      "\n        yield $extra\n\n    def __init__(self, $one, $two):\n        self.$attribute =",
      "\n    def __init__(self, $one, $two, $extra=()):\n        $line_before\n        self.$attribute =",
      "\n    def __init__(self, $one=0, $two=0, $extra=0):\n        self.$attribute =",
      "\n    def __init__(self, $one, $two):\n        self.$extra = ''\n        self.$attribute =",
      "\n\nclass $class($extra.$class):\n    def __init__(self, $one, $two):\n        self.$attribute =",
      "\n    def __init__(self, $one, $two):\n        self.$extra = True\n        self.$attribute =",
    ],
  },
  words: fromBank({ one: "names", two: "names", extra: "names", class: "classes", line_before: "lines" }),
});
