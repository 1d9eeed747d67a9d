import { join } from "node:path";
import { InputError } from "@filigree/core";
import { expect, test } from "vitest";
import { circuitCases, circuits } from "../src/index.ts";
import { programFolder } from "./fixtures.ts";

test("a claim is a case: it passes as expected, and else fails with its place, excerpt and reason", async () => {
  const file = join(
    programFolder(
      "mine.circuit",
      "attn L1 copies quote type from opener to last",
      "claim start: attn L1 head 0 attends from last to first  expect mass >= 0.5",
      "attn L0 copies quote type from opener to last expect refuted",
    ),
    "mine.circuit",
  );
  const { title, cases, dispose } = await circuitCases(file, { seed: 3 });
  expect(title).toBe("Mine");
  expect(cases.map(({ name }) => name)).toEqual([
    "attn L1 copies quote type from opener to last",
    "start: attn L1 head 0 attends from last to first",
    "attn L0 copies quote type from opener to last",
  ]);
  await cases[0]!.run();
  await cases[2]!.run();
  const failure = await cases[1]!.run().then(
    () => undefined,
    (error: Error) => error,
  );
  dispose();
  const [place, excerpt, carets, why] = failure!.message.split("\n");
  expect(place).toBe(`${file}:6:14: refuted: expected supported`);
  expect(excerpt).toBe("  6 | claim start: attn L1 head 0 attends from last to first  expect mass >= 0.5");
  expect(carets).toBe(`    | ${" ".repeat(13)}${"^".repeat("attn L1 head 0 attends from last to first".length)}`);
  expect(why).toMatch(/^ {2}the head gives that position less of its attention than claimed \(mass /u);
});

test("a file that cannot be checked says where it is wrong", async () => {
  const folder = programFolder("bad.circuit", "attn L1 copies quote tipe");
  await expect(circuitCases(join(folder, "bad.circuit"))).rejects.toThrow(/bad\.circuit:5:16: error: .*quote type/su);
  await expect(circuitCases(join(folder, "none.circuit"))).rejects.toThrow(InputError);
});

test("the plugin makes .circuit files modules, whatever their paths, and leaves others alone", () => {
  const plugin = circuits({ seed: 7 });
  expect(plugin.load("/a/b.test.ts")).toBeNull();
  const module = plugin.load(`/odd "folder"/it's.circuit?v=1`)!;
  expect(module).toContain(`testCircuit("/odd \\"folder\\"/it's.circuit", {"seed":7});`);
  expect(module).toMatch(/^import \{ testCircuit \} from ".*test-circuit\.ts";$/mu);
});
