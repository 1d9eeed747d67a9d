import file from "../../built-in/single-double-quote/quote-lines.json" with { type: "json" };
import type { quoteLineFile as onNode } from "../node/quote-line-file.ts";

/** The bundle holds it. Node 20 would print a warning at such an import. */
export const quoteLineFile: typeof onNode = () => file as ReturnType<typeof onNode>;
