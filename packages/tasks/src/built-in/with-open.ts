import { defineTask } from "../define/define-task.ts";
import { fromBank } from "./word-bank.ts";

export const withOpen = defineTask({
  name: "with_open",
  summary: "Open a file for reading or for writing, as its name suggests.",
  decides: { feature: "purpose", anchor: "file" },
  cases: {
    reading: { slots: { file: "$source" }, answer: " 'r')" },
    writing: { slots: { file: "$target" }, answer: " 'w')" },
  },
  nuisances: ["folder"],
  positions: ["file"],
  templates: {
    test: [
      "\n    with open('$folder/$file.txt',",
      "\n    $line_before\n    f = open('$folder/$file.txt',",
      "\n    with open($folder + '/$file.py',",
      "\n    $line_before\n    with open(os.path.join($folder, '$file'),",
      "\n    with open(self.$folder + '$file.txt',",
      "\n    $line_before\n    with open($folder.$file,",
      "\n    f = open(${folder}_$file,",
      "\n    $line_before\n    with open('$folder.$file',",
      "\n    if $folder:\n        f = open('$file.txt',",
      "\n    $folder = open('$file',",
      "\n    with open('$folder/$file.csv',",
      "\n    $line_before\n    self.$folder = open(self.$file,",
    ],
    dev: [
      "\n    fp = open('$folder/$file.html',",
      "\n    $line_before\n    fp = open('$folder-$file.txt',",
      "\n    fp = open($folder % '$file',",
      "\n    $line_before\n    with open(join($folder, '$file.txt'),",
      "\n    with io.open('$folder/$file',",
      "\n    $line_before\n    with open(args.${folder}_$file,",
      "\n    fp = open(self.${folder}_$file,",
      "\n    $line_before\n    fp = open('${folder}_$file.txt',",
      "\n    if not $folder:\n        fp = open('$file.txt',",
      "\n    $folder = io.open('$file',",
      "\n    with open('$folder/$file.json',",
      "\n    $line_before\n    self.$folder = open($file,",
    ],
  },
  words: fromBank(
    { folder: "names", line_before: "lines" },
    {
      test: {
        source: ["input", "source", "config", "read", "infile", "setup"],
        target: ["output", "target", "log", "write", "outfile", "dump"],
      },
      dev: {
        source: ["in_file", "src", "load", "settings", "original", "template"],
        target: ["out_file", "dst", "save", "report", "new", "backup"],
      },
    },
  ),
});
