/**
 * The table of import arrows, read from ARCHITECTURE.md: the document is the rule, so the two cannot drift.
 * Its rows look like `| core | kernels, sites |`; `–` stands for none.
 * @throws Error when there is no such table, a row is repeated, or a row names a package that stands below it.
 */
export function parseImportTable(markdown: string): Map<string, readonly string[]> {
  const lines = markdown.split("\n");
  const heading = lines.findIndex((line) => /^\|\s*package\s*\|\s*imports\s*\|/i.test(line));
  if (heading < 0) throw new Error("ARCHITECTURE.md has no table with the columns `package` and `imports`.");
  const table = new Map<string, readonly string[]>();
  for (const line of lines.slice(heading + 2)) {
    if (!line.startsWith("|")) break;
    const [name = "", imports = ""] = line
      .split("|")
      .slice(1, 3)
      .map((cell) => cell.trim());
    const allowed = imports === "–" ? [] : imports.split(",").map((word) => word.trim());
    if (table.has(name)) throw new Error(`ARCHITECTURE.md lists the package "${name}" twice.`);
    for (const other of allowed)
      if (!table.has(other)) throw new Error(`ARCHITECTURE.md: "${name}" imports "${other}", which is not above it.`);
    table.set(name, allowed);
  }
  return table;
}
