import { isBuiltin } from "node:module";
import ts from "typescript";

/** Every module that a TypeScript source names: static and dynamic imports, re-exports, and types. */
export function importsOf(source: string): string[] {
  return ts.preProcessFile(source, true, true).importedFiles.map((file) => file.fileName);
}

/** The package that a bare specifier belongs to: `@filigree/core/x` → `@filigree/core`. Undefined for the package's own files and Node's. */
export function packageOf(specifier: string): string | undefined {
  // What begins with # is a file of the package, for which its package.json has one version for browsers.
  if (/^[.#]/.test(specifier) || isBuiltin(specifier)) return undefined;
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
