import { fileURLToPath } from "node:url";
import type { CircuitOptions } from "./circuit-cases.ts";

/** What vite needs of a plugin, and no more: its own type would tie this package to a version of vite. */
export interface CircuitsPlugin {
  readonly name: string;
  readonly enforce: "pre";
  /** The module of a test file that checks the `.circuit` file of this id; null for all other files. */
  load(id: string): string | null;
}

/**
 * A plugin that makes each `.circuit` file a test file:
 *
 * ```
 * export default defineConfig({ plugins: [circuits()], test: { include: ["**\/*.circuit"] } });
 * ```
 */
export function circuits(options: CircuitOptions = {}): CircuitsPlugin {
  return {
    name: "filigree:circuits",
    enforce: "pre",
    load(id) {
      const path = id.replace(/[?#].*$/u, "");
      if (!path.endsWith(".circuit")) return null;
      // By its path: a bare name would be looked up from the folder of the claims, which may be anywhere.
      const module = fileURLToPath(import.meta.url).replace(/circuits(\.[jt]s)$/u, "test-circuit$1");
      return [
        `import { testCircuit } from ${JSON.stringify(module)};`,
        `testCircuit(${JSON.stringify(path)}, ${JSON.stringify(options)});`,
        "",
      ].join("\n");
    },
  };
}
