import type * as onNode from "../node/new-folder.ts";
import { refuse } from "./no-disk.ts";

export const requireEmpty: typeof onNode.requireEmpty = refuse;

export const writeFolderAtomically: typeof onNode.writeFolderAtomically = refuse;
