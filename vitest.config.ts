import { defineConfig } from "vitest/config";

// Unit tests read the packages' TypeScript through the source condition, so that they need no build (only the wasm).
// End-to-end tests (`*.e2e.test.ts`) and the tests of the house run on what is built: dist and packed tarballs.
const source = ["@filigree/source", "node", "import", "module", "default"];

export default defineConfig({
  test: {
    projects: [
      {
        resolve: { conditions: source },
        ssr: { resolve: { conditions: source, externalConditions: source } },
        test: {
          name: "unit",
          include: ["packages/*/test/**/*.test.ts"],
          exclude: ["packages/*/test/**/*.e2e.test.ts", "**/node_modules/**"],
          testTimeout: 30_000,
          // Files share what they import: loading tfjs anew for each took a third of the time. Tests count tensors from
          // where they begin, and choose their backend.
          isolate: false,
        },
      },
      {
        test: {
          name: "end-to-end",
          include: ["packages/*/test/**/*.e2e.test.ts"],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "house",
          include: ["tools/test/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxConcurrency: 2,
        },
      },
    ],
  },
});
