import { defineTask, type TaskTemplates } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

const SHARED = {
  decides: { feature: "type", anchor: "start" },
  cases: {
    set: { slots: { start: "set()" }, answer: ".add(" },
    string: { slots: { start: '""' }, answer: " +=" },
  },
} as const satisfies Partial<TaskTemplates>;

const LISTS = {
  item: "names",
  items: "plurals",
  other: "names",
  function: "functions",
  line_between: "lines",
} as const;

/** Templates about a variable: a slot, or a name. */
const templates = (variable: string): TaskTemplates["templates"] => ({
  test: [
    `\n    ${variable} = $start\n    for $item in $items:\n        ${variable}`,
    `\n    ${variable} = $start\n    while $item:\n        ${variable}`,
    `\n    ${variable} = $start\n    $line_between\n    for $item in $items:\n        ${variable}`,
    `\n    ${variable} = $start\n    for $item in $items:\n        $line_between\n        ${variable}`,
    `\n    ${variable} = $start\n    for $item, $other in $items:\n        ${variable}`,
    `\n    ${variable} = $start\n    $line_between\n    if $item:\n        ${variable}`,
    `\n    ${variable} = $start\n    for $item in $function($items):\n        ${variable}`,
    `\n    ${variable} = $start\n    if $item == $other:\n        ${variable}`,
    `\n    ${variable} = $start\n    $line_between\n    while $item:\n        ${variable}`,
    `\n    ${variable} = $start\n    try:\n        $item = $function()\n        ${variable}`,
    `\n    ${variable} = $start\n    for $item in $other.$function():\n        ${variable}`,
    `\n    ${variable} = $start\n    if $item in $items:\n        ${variable}`,
  ],
  dev: [
    `\n    ${variable} = $start\n    while $item > 0:\n        ${variable}`,
    `\n    ${variable} = $start\n    for $item in self.$items:\n        ${variable}`,
    `\n    ${variable} = $start\n    if $item is not None:\n        ${variable}`,
    `\n    ${variable} = $start\n    for $item in $other.$items:\n        ${variable}`,
    `\n    ${variable} = $start\n    while $item < $other:\n        $line_between\n        ${variable}`,
    `\n    ${variable} = $start\n    with $item:\n        ${variable}`,
    `\n    ${variable} = $start\n    $line_between\n    if not $item:\n        ${variable}`,
    `\n    ${variable} = $start\n    for $item in range(10):\n        $line_between\n        ${variable}`,
    `\n    ${variable} = $start\n    $line_between\n    while $item > 1:\n        ${variable}`,
    `\n    ${variable} = $start\n    $item = self.$function($other)\n    if $item:\n        ${variable}`,
    `\n    ${variable} = $start\n    for $item in sorted($items):\n        ${variable}`,
    `\n    ${variable} = $start\n    if $item not in $items:\n        ${variable}`,
  ],
});

export const setOrString = defineTask({
  ...SHARED,
  name: "set_or_string",
  summary: "Add to a variable as its first value asks: `.add` for a set, `+=` for a string.",
  nuisances: ["variable", "item"],
  positions: ["variable", "start", "item"],
  templates: templates("$variable"),
  words: fromBank(LISTS, {
    test: { variable: ["result", "current", "new", "total", "used", "done", "next", "extra"] },
    dev: { variable: ["output", "found", "seen", "known", "missing", "old", "last", "changed"] },
  }),
});

export const setOrStringFixedName = defineTask({
  ...SHARED,
  name: "set_or_string_fixedvarname",
  summary: "As set_or_string, where the variable is always called `current`.",
  nuisances: ["item"],
  positions: ["start", "item"],
  templates: templates("current"),
  words: fromBank(LISTS),
});
