import type { Paint } from "./paint.ts";
import { padEnd, padStart, widthOf } from "./text.ts";

export interface Column {
  readonly title: string;
  /** Numbers stand on the right. */
  readonly align?: "left" | "right";
}

/** Rows under titles, columns two blanks apart. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint): string {
  const widths = columns.map(({ title }, i) => Math.max(widthOf(title), ...rows.map((row) => widthOf(row[i] ?? ""))));
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, i) => (align === "right" ? padStart : padEnd)(cells[i] ?? "", widths[i]!))
      .join("  ")
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return [paint.dim(line(titles)), ...rows.map(line)].join("\n");
}

/** Names and values, the values in one column. */
export function pairs(rows: readonly (readonly [string, string])[], paint: Paint): string {
  const width = Math.max(...rows.map(([name]) => widthOf(name)));
  return rows.map(([name, value]) => `${paint.dim(padEnd(name, width))}  ${value}`.trimEnd()).join("\n");
}
