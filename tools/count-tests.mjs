// Prints `N passed, N failed` over vitest's reports in .reports/, and exits with 1 when anything failed.
// The argument is the number of commands that failed; they count where no failing test explains them.
import { readFileSync, readdirSync } from "node:fs";

const folder = new URL("../.reports/", import.meta.url);
const reports = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => JSON.parse(readFileSync(new URL(name, folder), "utf8")));

const passed = reports.reduce((sum, report) => sum + report.numPassedTests, 0);
const failedTests = reports.reduce((sum, report) => sum + report.numFailedTests, 0);
const failed = Math.max(failedTests, Number(process.argv[2]));
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
