import { expect, test } from "vitest";
import { paintFor } from "../../src/render/paint.ts";
import { pairs, table } from "../../src/render/table.ts";
import { capture } from "../capture.ts";

const plain = paintFor(capture(), {});

test("columns are as wide as their widest cell, numbers stand on the right", () => {
  const columns = [{ title: "task" }, { title: "n", align: "right" }, { title: "note" }] as const;
  const rows = [
    ["quotes", "1,024", ""],
    ["名", "7", "wide"],
  ];
  expect(table(columns, rows, plain)).toBe(["task        n  note", "quotes  1,024", "名          7  wide"].join("\n"));
});

test("pairs align their values", () => {
  const rows = [["loss", "0.1"] as const, ["accuracy", ""] as const];
  expect(pairs(rows, plain)).toBe("loss      0.1\naccuracy");
});

test("colours are for terminals, and NO_COLOR turns them off", () => {
  const terminal = capture({ isTerminal: true });
  expect(paintFor(terminal, {}).red("x")).toBe("\u001B[31mx\u001B[39m");
  expect(paintFor(terminal, { NO_COLOR: "" }).red("x")).toBe("\u001B[31mx\u001B[39m");
  expect(paintFor(terminal, { NO_COLOR: "1" }).red("x")).toBe("x");
  expect(paintFor(terminal, { TERM: "dumb" }).red("x")).toBe("x");
  expect(plain.red("x")).toBe("x");
});
