import { describe, expect, test } from "vitest";
import { Progress } from "../../src/render/progress.ts";
import { capture } from "../capture.ts";

/** Reports at the given times, in milliseconds from the start. */
function reportAt(times: readonly number[], isTerminal: boolean, columns = 100): string {
  const output = capture({ isTerminal, columns });
  let now = 0;
  const progress = new Progress(output, () => now);
  for (const time of times) {
    now = time;
    progress.update(`at ${time} of a long piece of work`);
  }
  progress.end();
  return output.text();
}

describe("progress", () => {
  test("says nothing of work that takes less than a second", () => {
    expect(reportAt([0, 500, 999], true)).toBe("");
    expect(reportAt([0, 500, 999], false)).toBe("");
  });

  test("updates one line of a terminal, ten times a second at most, and clears it at the end", () => {
    const clear = "\r\u001B[2K";
    expect(reportAt([1_000, 1_050, 1_100], true, 8)).toBe(`${clear}at 100…${clear}at 110…${clear}`);
  });

  test("writes a plain line now and then elsewhere", () => {
    expect(reportAt([1_000, 5_000, 11_500], false)).toBe(
      "at 1000 of a long piece of work\nat 11500 of a long piece of work\n",
    );
  });
});
