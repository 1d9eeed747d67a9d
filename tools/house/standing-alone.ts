import { execFile } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { compileExample } from "./compile-example.ts";
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

/** Makes an empty project in `directory` and installs all packages of the house there, from their tarballs. */
export async function installTogether(tarballs: ReadonlyMap<string, string>, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const dependencies = Object.fromEntries([...tarballs].map(([name, path]) => [name, `file:${path}`]));
  writeProject(directory, dependencies);
  // The third-party packages come from npm's cache, which installing the repository has filled.
  await run(directory, "npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--no-package-lock"]);
}

/**
 * Makes a project in `directory` with a package, what the package declares, what that declares, and nothing else. Their
 * files are links to those of the project where everything is installed: npm would write the same thousands of files for
 * each package.
 *
 * @throws Error where something that is declared is not installed.
 */
export function linkAlone(name: string, everything: string, directory: string): void {
  const [from, to] = [everything, directory].map((project) => join(project, "node_modules")) as [string, string];
  const linked = new Set<string>();
  const link = (wanted: string, optional: boolean) => {
    if (linked.has(wanted)) return;
    if (!existsSync(join(from, wanted))) {
      if (optional) return;
      throw new Error(`${wanted}, which ${name} needs, is not installed`);
    }
    linked.add(wanted);
    linkFiles(join(from, wanted), join(to, wanted));
    const { dependencies = {}, optionalDependencies = {}, ...peers } = readManifest(join(from, wanted));
    const { peerDependencies = {}, peerDependenciesMeta = {} } = peers;
    // What depends on the machine may be in both lists.
    for (const needed of Object.keys(dependencies)) link(needed, needed in optionalDependencies);
    for (const needed of Object.keys(optionalDependencies)) link(needed, true);
    // npm installs the package that another must be beside, unless it is marked optional.
    for (const needed of Object.keys(peerDependencies))
      if (!peerDependenciesMeta[needed]?.optional) link(needed, false);
  };
  link(name, false);
  writeProject(directory, { [name]: "*" });
  mkdirSync(join(to, ".bin"));
  for (const command of Object.keys(readManifest(join(from, name)).bin ?? {}))
    symlinkSync(readlinkSync(join(from, ".bin", command)), join(to, ".bin", command));
}

function writeProject(directory: string, dependencies: Readonly<Record<string, string>>): void {
  const manifest = { name: "empty-project", private: true, type: "module", dependencies };
  writeFileSync(join(directory, "package.json"), JSON.stringify(manifest));
}

/** What an installed package declares. */
interface Declared {
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

function readManifest(directory: string): Declared {
  return JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
}

function linkFiles(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) linkFiles(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), target);
    else linkSync(source, target);
  }
}

/** Compiles an example in the project with strict TypeScript, runs it under plain node, and gives what it prints. */
export async function runExample(source: string, directory: string): Promise<string> {
  writeFileSync(join(directory, "example.ts"), source);
  compileExample(join(directory, "example.ts"));
  return run(directory, process.execPath, ["example.js"]);
}

/** Runs a command that the package installs, as `npx` would find it. */
export function runCommand(command: string, args: readonly string[], directory: string): Promise<string> {
  return run(directory, join(directory, "node_modules/.bin", command), args);
}
