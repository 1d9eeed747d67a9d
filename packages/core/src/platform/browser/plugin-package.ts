import type { findPackage as onNode } from "../node/plugin-package.ts";

/** @throws Error always: in a browser there are no folders to install packages in. */
export const findPackage: typeof onNode = (name) =>
  Promise.reject(new Error(`a browser cannot look for the package ${name}: import it in the page and hand it over`));
