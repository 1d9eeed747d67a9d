import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseTrainingConfig } from "../src/index.ts";

// The table of keys in docs/training.md, held against the parser.

type Json = Record<string, unknown>;

const MINIMAL: Json = { format: "filigree.training/1", name: "small", data: { files: ["**/*.py"] } };
const page = readFileSync(new URL("../../../docs/training.md", import.meta.url), "utf8");
const rows = [...page.matchAll(/^\| `([\w.]+)` +\| (.*?) +\| (.*?) +\|$/gmu)]
  .map(([, key, otherwise]) => ({ key: key!, otherwise: otherwise! }))
  .filter(({ key }) => !/\.(html|json|jsonl|safetensors)$/u.test(key));

function withKey(key: string, value: unknown): Json {
  const [first, second] = key.split(".") as [string, string?];
  if (second === undefined) return { ...MINIMAL, [first]: value };
  const before = first === "sparsifier" ? parse(MINIMAL).sparsifier : MINIMAL[first];
  return { ...MINIMAL, [first]: { ...(before as Json | undefined), [second]: value } };
}

const parse = (config: Json) => parseTrainingConfig(JSON.stringify(config), "small.json");

/** The keys that an object of the configuration may have, as the parser's own message lists them. */
function known(section: string | undefined): string[] {
  const config = section === undefined ? { ...MINIMAL, zzzzzzzz: 1 } : withKey(`${section}.zzzzzzzz`, 1);
  try {
    parse(config);
  } catch (error) {
    return /keys: (.*)$/mu.exec((error as Error).message)![1]!.split(", ");
  }
  throw new Error("an unknown key was accepted");
}

describe("docs/training.md", () => {
  test.each(rows.filter(({ otherwise }) => /^`("[^`]*"|[\d.]+|true|false)`$/u.test(otherwise)))(
    "$key is $otherwise where it is left out",
    ({ key, otherwise }) => {
      expect(parse(withKey(key, JSON.parse(otherwise.slice(1, -1))))).toEqual(parse(MINIMAL));
    },
  );

  test("lists every key", () => {
    const sections = ["data", "tokenizer", "bigram", "optimiser", "sparsifier"];
    const all = [
      ...known(undefined).filter((key) => ![...sections, "model"].includes(key)),
      ...sections.flatMap((section) => known(section).map((key) => `${section}.${key}`)),
    ];
    const listed = rows.map(({ key }) => key).filter((key) => !key.startsWith("model."));
    expect(listed.sort()).toEqual(all.sort());
    for (const { key } of rows.filter(({ key }) => key.startsWith("model."))) {
      expect(known("model")).toContain(key.slice("model.".length));
    }
  });

  test("has the sparsifier's default options", () => {
    const text = /without a `sparsifier`: `(\{.*?\})`/u.exec(page)![1]!;
    expect(parse(MINIMAL).sparsifier.options).toEqual(JSON.parse(text));
  });

  test("its smallest configuration is read", () => {
    const [text] = /\{ "format".*\}/u.exec(page)!;
    expect(parseTrainingConfig(text, "page").name).toBe("python");
  });
});

test("the committed configurations are read", () => {
  const models = new URL("../../../examples/models/", import.meta.url);
  const texts = readdirSync(models, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".json"))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .filter((text) => text.includes('"filigree.training/1"'));
  expect(texts.length).toBeGreaterThanOrEqual(7);
  for (const text of texts) expect(parseTrainingConfig(text, "config.json").data.files).toContain("**/*.py");
});
