import { escaped } from "@filigree/core";
import { claimFrame } from "./code-frame.ts";
import type { CheckedText } from "./page/verdict-page.ts";

/**
 * Verdicts as JUnit XML, which CI systems read: a test suite a file, a test case a claim. A claim that does not come out
 * as the file expects is a failure, whatever its verdict. There are no times in it: equal checks give equal bytes.
 */
export function junitReport(files: readonly CheckedText[]): string {
  const suites = files.map(suite);
  const tests = files.reduce((sum, { verdict }) => sum + verdict.claims.length, 0);
  const failures = files.reduce((sum, { verdict }) => sum + unmet(verdict.claims), 0);
  return [
    `<?xml version="1.0" encoding="UTF-8"?>`,
    `<testsuites name="filigree check" tests="${tests}" failures="${failures}" errors="0">`,
    ...suites,
    "</testsuites>",
    "",
  ].join("\n");
}

function suite({ verdict, details, source }: CheckedText): string {
  const { file, title, claims, hashes, seed } = verdict;
  const properties = { title, model: hashes.model, data: hashes.data, engine: hashes.engine, seed: String(seed) };
  return [
    `  <testsuite name="${attribute(file)}" tests="${claims.length}" failures="${unmet(claims)}" errors="0" skipped="0">`,
    "    <properties>",
    ...Object.entries(properties).map(
      ([name, value]) => `      <property name="${name}" value="${attribute(value)}"/>`,
    ),
    "    </properties>",
    ...claims.map((claim, i) => {
      const about = `name="${attribute(named(claim.name, claim.text))}" classname="${attribute(file)}" file="${attribute(file)}" line="${claim.line}"`;
      if (claim.met) return `    <testcase ${about}/>`;
      const message = `${claim.verdict}, expected ${claim.expected}: ${claim.why}`;
      const frame = claimFrame(claim, details[i]!, file, source);
      return [
        `    <testcase ${about}>`,
        `      <failure type="${attribute(claim.verdict)}" message="${attribute(message)}">${escaped(frame)}</failure>`,
        "    </testcase>",
      ].join("\n");
    }),
    "  </testsuite>",
  ].join("\n");
}

/** Readers tell test cases by their names, and two claims may say the same. */
function named(name: string, text: string): string {
  return `${name}: ${text}`;
}

function unmet(claims: CheckedText["verdict"]["claims"]): number {
  return claims.filter(({ met }) => !met).length;
}

/** On one line: readers of XML turn line breaks of attributes into blanks anyway. */
function attribute(text: string): string {
  return escaped(text).replace(/[\t\n\r]/gu, " ");
}
