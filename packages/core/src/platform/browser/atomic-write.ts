import type { writeFileAtomically as onNode } from "../node/atomic-write.ts";
import { refuse } from "./no-disk.ts";

export const writeFileAtomically: typeof onNode = refuse;
