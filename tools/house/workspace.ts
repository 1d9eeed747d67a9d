import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** The fields of a package.json that the house's tests read. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

export interface WorkspacePackage {
  /** The name of its folder under `packages/`, as ARCHITECTURE.md names it. */
  readonly folder: string;
  readonly directory: string;
  readonly manifest: Manifest;
}

/** Every package of the repository, by folder name. */
export function listPackages(): WorkspacePackage[] {
  const packages = join(root, "packages");
  return readdirSync(packages)
    .toSorted()
    .filter((folder) => statSync(join(packages, folder)).isDirectory())
    .map((folder) => {
      const directory = join(packages, folder);
      return { folder, directory, manifest: JSON.parse(readFileSync(join(directory, "package.json"), "utf8")) };
    });
}

/** The packages of this repository that a package declares as dependencies: names as in package.json. */
export function internalDependencies(manifest: Manifest, packages: readonly WorkspacePackage[]): string[] {
  const ours = new Set(packages.map((other) => other.manifest.name));
  return Object.keys(manifest.dependencies ?? {}).filter((name) => ours.has(name));
}

/** Files under a folder whose names match, as absolute paths in a stable order. What is built or installed is passed over. */
export function listFiles(directory: string, matches: RegExp): string[] {
  const passedOver = new Set(["node_modules", "dist", ".git", ".nx", ".reports"]);
  return readdirSync(directory, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return passedOver.has(entry.name) ? [] : listFiles(path, matches);
      return matches.test(entry.name) && !entry.name.includes(".generated.") ? [path] : [];
    });
}
