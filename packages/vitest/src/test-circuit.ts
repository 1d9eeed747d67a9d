import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, test } from "vitest";
import { circuitCases, type CircuitOptions } from "./circuit-cases.ts";

/** Claims with all their controls take seconds, and more on a busy machine. */
const TIMEOUT = 300_000;

/**
 * Registers a `.circuit` file as a suite of vitest, a claim a test. A test fails where the claim does not come out as the
 * file expects, and a file that cannot be checked fails as a whole.
 *
 * @param file a path, relative to the current folder, or a URL: `new URL("close-quote.circuit", import.meta.url)`
 */
export function testCircuit(file: string | URL, options: CircuitOptions = {}): void {
  const path = file instanceof URL ? fileURLToPath(file) : isAbsolute(file) ? file : resolve(file);
  describe(path, async () => {
    const { cases, dispose } = await circuitCases(path, options);
    afterAll(dispose);
    for (const { name, run: expectClaim } of cases) test(name, () => expectClaim(), TIMEOUT);
  });
}
