import type { Diagnostic, Span } from "../diagnostic.ts";
import { spanFrom } from "./span.ts";
import type { Item, Rival } from "./tree.ts";

/** What one line gave: an item, or one of the two ends of a rival. */
export type Entry =
  | Exclude<Item, Rival>
  | { readonly kind: "opens"; readonly title: string | undefined; readonly whole: boolean; readonly span: Span }
  | { readonly kind: "closes"; readonly span: Span };

/** Gathers what stands between a rival's braces. */
export function gatherRivals(entries: readonly Entry[], file: string): { items: Item[]; faults: Diagnostic[] } {
  const items: Item[] = [];
  const faults: Diagnostic[] = [];
  // A line that is out of place is a broken one: nothing whole comes of the file.
  const fault = (span: Span, message: string, hint: string): void => {
    faults.push({ code: "syntax", severity: "error", message, hint, span, file });
    items.push({ kind: "broken", meant: "rival", span });
  };
  let open: { readonly opening: Entry & { kind: "opens" }; readonly items: Exclude<Item, Rival>[] } | undefined;
  let depth = 0;
  const finish = (end: Span): void => {
    const { opening, items: inner } = open!;
    const title = { text: opening.title ?? "", span: opening.span };
    items.push({ kind: "rival", title, items: inner, span: spanFrom(opening.span, end) });
    open = undefined;
  };
  for (const entry of entries) {
    if (entry.kind === "opens") {
      if (!entry.whole) items.push({ kind: "broken", meant: "rival", span: entry.span });
      if (open !== undefined) fault(entry.span, "a rival cannot hold another rival", "close the first with }");
      else open = { opening: entry, items: [] };
      depth++;
    } else if (entry.kind === "closes") {
      if (open === undefined) fault(entry.span, 'this "}" closes nothing', "take it out");
      else if (--depth === 0) finish(entry.span);
    } else (open?.items ?? items).push(entry);
  }
  if (open !== undefined) {
    fault(open.opening.span, "this rival is not closed", "close it with a line that holds only }");
    finish(open.opening.span);
  }
  return { items, faults };
}
