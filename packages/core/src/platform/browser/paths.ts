import type * as onNode from "../node/paths.ts";

/** The same of URLs, which may be relative to the page. */
export const folderOf: typeof onNode.folderOf = (url) => new URL(".", new URL(url, location.href)).href;

export const pathFrom: typeof onNode.pathFrom = (folder, url) =>
  new URL(url, new URL(folder.endsWith("/") ? folder : `${folder}/`, location.href)).href;
