import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const finalKwarg = defineTask({
  name: "final_kwarg",
  summary:
    "After a function's last argument: a default of None if an earlier argument has one, else the closing bracket.",
  decides: { feature: "earlier default", anchor: "default" },
  cases: {
    given: { slots: { default: "=None" }, answer: "=None):\n        " },
    none: { slots: { default: ", $extra" }, answer: "):\n        " },
  },
  nuisances: ["function", "argument"],
  positions: ["function", "argument", "default"],
  templates: {
    test: [
      "\n\n    def $function(self, $argument$default, $final",
      "\n    @property\n    def $function(self, $argument$default, $final",
      "\n    $line_before\n\n    def $function(self, $other, $argument$default, $final",
      "\n\nclass $class:\n    def $function(self, $argument$default, $final",
      "\n    $line_before\n\n    def $function(obj, $argument$default, $final",
      "\n\n    async def $function(self, $argument$default, $final",
      "\n        return $other\n\n    def $function(self, $argument$default, $final",
      "\n\n    def _$function(self, $other, $argument$default, $final",
      "\n        pass\n\n    def $function(self, $other, $argument$default, $final",
      "\n    # $other\n    def $function(self, $argument$default, $final",
      "\n\nclass $class(object):\n    def $function(self, $argument$default, $final",
      "\n        self.$other = None\n\n    def $function(self, $argument$default, $final",
    ],
    dev: [
      "\n\ndef $function($argument$default, $final",
      "\n    @classmethod\n    def $function(cls, $argument$default, $final",
      "\n    $line_before\n\n    def $function($other, $argument$default, $final",
      "\n    @staticmethod\n    def $function($argument$default, $final",
      "\n        yield $other\n\n    def $function(cls, $argument$default, $final",
      "\n\nasync def $function($other, $argument$default, $final",
      "\n\ndef _$function($argument$default, $final",
      "\n        pass\n\n    def $function($other, $argument$default, $final",
      "\n\nclass $class($other):\n    def $function(cls, $argument$default, $final",
      "\n    # $other\n    def $function(cls, $argument$default, $final",
      "\n        self.$other = 0\n\n    def $function(cls, $argument$default, $final",
      "\n        raise $other\n\n    def $function(cls, $argument$default, $final",
    ],
  },
  words: fromBank({
    function: "functions",
    argument: "names",
    extra: "names",
    other: "names",
    final: "names",
    class: "classes",
    line_before: "lines",
  }),
});
