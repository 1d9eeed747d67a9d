import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomStream, seed } from "@filigree/core";

/** A folder of small made-up source files: enough of them that some are held out. */
export function writeSources(): string {
  const folder = mkdtempSync(join(tmpdir(), "filigree-sources-"));
  const random = randomStream(seed(3), "test/sources");
  const words = ["open", "close", "value", "name", "file", "path", "line", "text"];
  const word = () => words[random.integer(words.length)]!;
  for (let i = 0; i < 60; i++) {
    const lines = Array.from({ length: 12 }, () => {
      const quote = random.integer(2) === 0 ? "'" : '"';
      return `    ${word()}_${word()}(${quote}${word()} ${word()}${quote})\n`;
    });
    mkdirSync(join(folder, `part${i % 5}`), { recursive: true });
    writeFileSync(join(folder, `part${i % 5}`, `module${i}.py`), `def ${word()}():\n${lines.join("")}`);
  }
  return folder;
}

/** A model that trains in a second. */
export const TINY_MODEL = { n_layer: 1, n_head: 2, d_head: 4, d_model: 8, d_mlp: 16, afrac: 0.5, sink: true };

/** A configuration that trains it. */
export function tinyConfig(changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    format: "filigree.training/1",
    name: "tiny",
    model: { ...TINY_MODEL, enable_bigram_table: true },
    data: { files: ["**/*.py"], description: "made-up source" },
    tokenizer: { vocabSize: 300 },
    context: 12,
    batch: 4,
    shards: 1,
    steps: 24,
    optimiser: { rate: 0.01, warmup: 4 },
    sparsifier: { name: "top-k", options: { block: 0.2, embedding: 0.5 } },
    seed: 7,
    checkpointEvery: 5,
    evaluateEvery: 8,
    ...changes,
  });
}
