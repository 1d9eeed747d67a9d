import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { internalDependencies, root, type WorkspacePackage } from "./workspace.ts";

const runFile = promisify(execFile);

/** Runs a program and gives its standard output. What it printed is in the error when it fails. */
export async function run(directory: string, program: string, args: readonly string[]): Promise<string> {
  // npm tells its children about the project that it runs in; a project elsewhere must not hear of it.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([key]) => !/^npm_(?:package|lifecycle|config_local_prefix|config_workspace)/.test(key) && key !== "NODE_OPTIONS",
    ),
  );
  try {
    return (await runFile(program, args, { cwd: directory, env, maxBuffer: 2 ** 26 })).stdout;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`\`${program} ${args.join(" ")}\` failed:\n${stdout}${stderr}`, { cause: error });
  }
}

/** Packs every package as it would be published. Gives the path of each tarball by package name. */
export async function packAll(destination: string): Promise<ReadonlyMap<string, string>> {
  const report = await run(root, "npm", [
    "pack",
    "--workspaces",
    "--ignore-scripts",
    "--json",
    "--pack-destination",
    destination,
  ]);
  const packed: { name: string; filename: string }[] = JSON.parse(report);
  return new Map(packed.map(({ name, filename }) => [name, join(destination, filename)]));
}

/** Packs the package in a folder, which may be a stranger's. Gives the path of the tarball. */
export async function packOne(directory: string, destination: string): Promise<string> {
  const report = await run(directory, "npm", ["pack", "--json", "--pack-destination", destination]);
  // What its scripts print comes first.
  const [{ filename }]: [{ filename: string }] = JSON.parse(report.slice(report.search(/^\[/mu)));
  return join(destination, filename);
}

/** A package and the packages of the house that it needs, directly or through others. */
export function withItsOwn(
  name: string,
  packages: readonly WorkspacePackage[],
  found = new Set<string>(),
): Set<string> {
  if (found.has(name)) return found;
  found.add(name);
  const { manifest } = packages.find((other) => other.manifest.name === name)!;
  for (const dependency of internalDependencies(manifest, packages)) withItsOwn(dependency, packages, found);
  return found;
}

/** Makes an empty project in `directory` and installs the package there, from its tarball and those that it needs. */
export async function installAlone(
  name: string,
  packages: readonly WorkspacePackage[],
  tarballs: ReadonlyMap<string, string>,
  directory: string,
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const needed = [...withItsOwn(name, packages)].map((other) => [other, `file:${tarballs.get(other)}`]);
  const manifest = { name: "empty-project", private: true, type: "module", dependencies: Object.fromEntries(needed) };
  writeFileSync(join(directory, "package.json"), JSON.stringify(manifest));
  // The third-party packages come from npm's cache, which installing the repository has filled.
  await run(directory, "npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock"]);
}

/** Compiles an example in the project with strict TypeScript, runs it under plain node, and gives what it prints. */
export async function runExample(source: string, directory: string): Promise<string> {
  writeFileSync(join(directory, "example.ts"), source);
  const compilerOptions = {
    target: "ES2023",
    lib: ["ES2023"],
    module: "NodeNext",
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    // The types of Node itself are the compiler's side of the example, not the package's: they come from the repository.
    types: ["node"],
    typeRoots: [join(root, "node_modules/@types")],
  };
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["example.ts"] }));
  await run(directory, process.execPath, [join(root, "node_modules/typescript/bin/tsc")]);
  return run(directory, process.execPath, ["example.js"]);
}

/** Runs a command that the package installs, as `npx` would find it. */
export function runCommand(command: string, args: readonly string[], directory: string): Promise<string> {
  return run(directory, join(directory, "node_modules/.bin", command), args);
}
