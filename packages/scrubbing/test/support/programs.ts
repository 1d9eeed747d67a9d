import { fileURLToPath } from "node:url";
import { loadModel, type Model } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { makeTask, sequences, some, type ExampleDraft } from "./make-task.ts";

// Programs compiled to transformers (Lindner et al. 2023): what each part does is known. Each task holds the whole of a
// small input space.

/** Where a compiled program's checkpoint lies. */
export function programFolder(name: string): string {
  return fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
}

export function loadProgram(name: string): Promise<Model> {
  return loadModel(programFolder(name), "wasm");
}

/** One quote, the second or fourth of six tokens, the rest a or b. Answer: the quote. Ids: " ' ( a b c, 6 begins. */
export function closeQuoteTask(): Task {
  const drafts: ExampleDraft[] = [];
  for (const opener of [1, 3]) {
    for (const rest of sequences([3, 4], 4)) {
      for (const quote of [0, 1]) {
        const ids = [6, ...rest.slice(0, opener - 1), quote, ...rest.slice(opener - 1)];
        drafts.push({
          ids,
          answer: quote,
          features: { "quote type": quote === 0 ? "double" : "single", filler: ids[5]! },
          positions: { opener, after: opener + 1 },
          pair: drafts.length + (quote === 0 ? 1 : -1),
        });
      }
    }
  }
  return makeTask([0, 1], ["quote type", { name: "filler", nuisance: true }], drafts);
}

/** Four symbols of three. Answer: the last but one. Ids: a b c, 3 begins. */
export function prevTokenTask(): Task {
  const drafts = sequences([0, 1, 2], 4).map((symbols) => ({
    ids: [3, ...symbols],
    answer: symbols[2]!,
    features: { "previous token": symbols[2]!, "last token": symbols[3]!, "first token": symbols[0]! },
    positions: { previous: 3, start: 1 },
  }));
  return makeTask([0, 1, 2], ["previous token", "last token", "first token"], drafts);
}

/** Five symbols of three, the last of them once before. Answer: what came after it. Ids: a b c, 3 begins. */
export function inductionTask(): Task {
  const drafts = [1, 2, 3].flatMap((earlier) =>
    [0, 1, 2].flatMap((current) =>
      sequences(
        [0, 1, 2].filter((symbol) => symbol !== current),
        3,
      ).map((rest): ExampleDraft => {
        const ids = [3, ...rest.slice(0, earlier - 1), current, ...rest.slice(earlier - 1), current];
        return {
          ids,
          answer: ids[earlier + 1]!,
          features: { "next token": ids[earlier + 1]!, "current token": current },
          positions: { earlier, next: earlier + 1 },
        };
      }),
    ),
  );
  return makeTask([0, 1, 2], ["next token", "current token"], drafts);
}

/** Four symbols of three. Answer: how often the last one occurs. Ids: a b c, 3 begins; outputs are counts. */
export function histTask(): Task {
  const drafts = sequences([0, 1, 2], 4).map((symbols) => {
    const count = symbols.filter((symbol) => symbol === symbols[3]).length;
    return {
      ids: [3, ...symbols],
      answer: count,
      features: { count, "last token": symbols[3]! },
      positions: { start: 1 },
    };
  });
  return makeTask([1, 2, 3, 4], ["count", "last token"], drafts);
}

/** Four symbols of three. Answer, read at the last: the first. Ids: a b c, 3 begins. */
export function reverseTask(): Task {
  const drafts = sequences([0, 1, 2], 4).map((symbols) => ({
    ids: [3, ...symbols],
    answer: symbols[0]!,
    features: { "first symbol": symbols[0]!, "second symbol": symbols[1]!, "last symbol": symbols[3]! },
    positions: { start: 1, second: 2 },
  }));
  return makeTask([0, 1, 2], ["first symbol", "second symbol", "last symbol"], drafts);
}

/** Eight symbols of a b x, as many prompts for each number of x as there are, up to twelve. Answer, a number: the share of x. */
export function fractionTask(): Task {
  const all = sequences([0, 1, 4], 8);
  const prompts = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((count) =>
    some(
      all.filter((symbols) => symbols.filter((symbol) => symbol === 4).length === count),
      12,
      `share ${count}`,
    ),
  );
  const drafts = prompts.map((symbols) => {
    const count = symbols.filter((symbol) => symbol === 4).length;
    return {
      ids: [2, ...symbols],
      answer: count / 8,
      features: { count, "x last": symbols[7] === 4 },
      positions: { start: 1 },
    };
  });
  return { ...makeTask([], ["count", { name: "x last", nuisance: true }], drafts), numeric: true };
}
