import type { TaskDefinition } from "../../define/definition.ts";
import { quoteDrafts } from "./quote-drafts.ts";
import { readQuoteLines } from "./quote-lines.ts";
import { templatePrompts } from "./templates.ts";
import type { Split } from "../../task.ts";

/**
 * Closing a string with the quote that opened it (`single_double_quote` of Gao et al. 2025, arXiv 2511.13653, table 1).
 *
 * Half of the test prompts are filled templates, half are lines cut from source files that are kept out of training.
 */
export const singleDoubleQuote: TaskDefinition = {
  name: "single_double_quote",
  summary: "Close a string, and the call it is in, with the quote that opened it.",
  features: [
    { name: "quote type", nuisance: false, anchor: "opener" },
    { name: "string body", nuisance: false },
  ],
  positions: ["opener"],
  maxTokens: 64,
  sources: [
    {
      name: "test prompts from templates",
      split: "test",
      pairs: 250,
      drafts: (random) => templatePrompts("test", random),
    },
    {
      name: "test prompts from source files",
      split: "test",
      pairs: 250,
      drafts: (random) => random.shuffle(linePrompts("test")),
    },
    {
      name: "dev prompts from templates",
      split: "dev",
      pairs: 480,
      drafts: (random) => templatePrompts("dev", random),
    },
    {
      name: "dev prompts from source files",
      split: "dev",
      pairs: 64,
      drafts: (random) => random.shuffle(linePrompts("dev")),
    },
  ],
};

function linePrompts(split: Split) {
  return readQuoteLines()
    .filter((line) => line.split === split)
    .map((line) => ({ template: `file ${line.file}`, drafts: quoteDrafts(line) }));
}
