import type { TaskDefinition } from "../define/definition.ts";
import { singleDoubleQuote } from "./single-double-quote/single-double-quote.ts";

/** Every built-in task. A new one is a file of its own and a line here. */
export const BUILT_IN_TASKS: readonly TaskDefinition[] = [singleDoubleQuote];
