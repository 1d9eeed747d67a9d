import { dirname, resolve } from "node:path";

/** The folder of a file. */
export function folderOf(path: string): string {
  return dirname(path);
}

/** The whole path that a path in a file of a folder stands for. */
export function pathFrom(folder: string, path: string): string {
  return resolve(folder, path);
}
