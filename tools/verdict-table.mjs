// Prints what becomes of true claims and of all their single mutations on compiled programs and on a planted model:
//   node tools/verdict-table.mjs [--seed N]
//
// The seed decides which examples and donors the checks draw, and the decoy weights of the planted model.
// Which mutants are false is found by enumerating every swap there is. The same tests, over fewer mutants, are part of
// `npm test`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({ options: { seed: { type: "string", default: "0" } } });
const folder = mkdtempSync(join(tmpdir(), "filigree-"));
const table = join(folder, "rows.jsonl");
const tests = ["compiled-programs", "planted-copier"].map(
  (name) => `packages/scrubbing/test/acceptance/${name}.test.ts`,
);
const environment = { ...process.env, FILIGREE_VERDICT_TABLE: table, FILIGREE_VERDICT_SEED: options.seed };
const run = spawnSync("npx", ["vitest", "run", "--project", "unit", ...tests], {
  env: environment,
  stdio: ["ignore", 2, 2],
});
const rows = readFileSync(table, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
rmSync(folder, { recursive: true });

const verdicts = ["supported", "refuted", "vacuous", "inconclusive", "untestable"];
print(["model", "true, supported", "false mutants", ...verdicts, "mutants still true", "of them supported"]);
print(["---", ...Array.from({ length: 9 }, () => "---:")]);
for (const row of rows) print(row);
print(["**all**", ...rows[0].slice(1).map((_, i) => rows.reduce((sum, row) => sum + row[i + 1], 0))]);
process.exitCode = run.status ?? 1;

function print(cells) {
  process.stdout.write(`| ${cells.join(" | ")} |\n`);
}
