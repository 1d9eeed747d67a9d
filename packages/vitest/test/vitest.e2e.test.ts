import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { programFolder } from "./fixtures.ts";

const PACKAGE = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const VITEST = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Runs vitest itself in a folder, and gives its report. */
function runVitest(folder: string): Promise<Report> {
  // What the outer run tells its children must not reach the inner one.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:VITEST|TEST|NODE_ENV)/u.test(name)),
  );
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [VITEST, "run", "--reporter", "json"], { cwd: folder, env }, (_, stdout, stderr) => {
      const start = stdout.indexOf("{");
      if (start < 0) reject(new Error(stdout + stderr));
      else resolve(JSON.parse(stdout.slice(start)) as Report);
    });
  });
}

test("the plugin: .circuit files are test files", async () => {
  const folder = programFolder(
    "mine.circuit",
    "attn L1 copies quote type from opener to last",
    "attn L0 copies quote type from opener to last",
  );
  writeFileSync(
    join(folder, "vitest.config.mjs"),
    `import { circuits } from ${JSON.stringify(PACKAGE)};
export default { plugins: [circuits()], test: { include: ["mine.circuit"] } };
`,
  );
  const { testResults } = await runVitest(folder);
  expect(testResults.map(({ name }) => name)).toEqual([join(folder, "mine.circuit")]);
  const [right, wrong] = testResults[0]!.assertionResults;
  expect(right).toMatchObject({ title: "attn L1 copies quote type from opener to last", status: "passed" });
  expect(wrong).toMatchObject({ title: "attn L0 copies quote type from opener to last", status: "failed" });
  expect(wrong!.failureMessages[0]).toContain("mine.circuit:6:1: refuted: expected supported");
  expect(wrong!.failureMessages[0]).toContain("  6 | attn L0 copies quote type from opener to last\n    | ^^^^");
});

test("testCircuit in a test file; a faulty .circuit fails the file with its place", async () => {
  const folder = programFolder("bad.circuit", "attn L9 copies quote type");
  const body = (file: string) =>
    `import { testCircuit } from ${JSON.stringify(PACKAGE)};\ntestCircuit(new URL("${file}", import.meta.url), { examples: 64 });\n`;
  writeFileSync(join(folder, "wrong.test.mjs"), body("wrong.circuit"));
  writeFileSync(join(folder, "bad.test.mjs"), body("bad.circuit"));
  const { testResults } = await runVitest(folder);
  const result = (name: string) => testResults.find((one) => one.name === join(folder, name))!;
  const wrong = result("wrong.test.mjs").assertionResults;
  expect(wrong).toHaveLength(5);
  expect(wrong.filter(({ status }) => status !== "passed")).toEqual([]);
  expect(JSON.stringify(result("bad.test.mjs"))).toContain("bad.circuit:5:6: error: there is no layer 9");
});
