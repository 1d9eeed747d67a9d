import { join } from "node:path";
import ts from "typescript";
import { root } from "./workspace.ts";

const { options } = ts.convertCompilerOptionsFromJson(
  {
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
  },
  root,
);

/** The repository's own declarations, which all examples read: those of the language and of Node. */
const declarations = new Map<string, ts.SourceFile | undefined>();

/**
 * Compiles one TypeScript file to JavaScript beside it, as `tsc` does.
 *
 * @throws Error with all that the compiler says.
 */
export function compileExample(path: string): void {
  const host = ts.createCompilerHost(options);
  const parse = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) => {
    if (!name.startsWith(join(root, "node_modules/"))) return parse(name, ...rest);
    if (!declarations.has(name)) declarations.set(name, parse(name, ...rest));
    return declarations.get(name);
  };
  const program = ts.createProgram([path], options, host);
  const diagnostics = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
  if (diagnostics.length > 0) throw new Error(`${path} does not compile:\n${ts.formatDiagnostics(diagnostics, host)}`);
}
