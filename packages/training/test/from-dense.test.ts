import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelCard } from "@filigree/core";
import { expect, test } from "vitest";
import { parseTrainingConfig, train } from "../src/index.ts";
import { tinyConfig, writeSources } from "./tiny-run.ts";

const data = [writeSources()];

async function finished(changes: Record<string, unknown>): Promise<{ out: string; card: ModelCard; losses: number[] }> {
  const out = mkdtempSync(join(tmpdir(), "filigree-from-dense-"));
  const losses: number[] = [];
  const outcome = await train(parseTrainingConfig(tinyConfig(changes), "tiny.json"), {
    out,
    data,
    baseDirectory: "/",
    command: "",
    codeVersion: "",
    onProgress: (progress) => void (progress.phase === "training" && losses.push(progress.loss)),
  });
  if (outcome.status !== "finished") throw new Error("The run was interrupted.");
  return { out, card: outcome.card, losses };
}

test("a dense checkpoint is pruned gradually, and keeps most of what it knows", async () => {
  const optimiser = { rate: 0.01, warmup: 4, gradient: "plain" };
  const dense = await finished({ steps: 150, sparsifier: { name: "dense" }, optimiser });
  const sparsifier = { name: "magnitude", options: { block: 0.25, pruneFrom: 0.1 } };
  const sparse = await finished({ steps: 150, start: dense.out, sparsifier, optimiser });
  expect(Math.abs(sparse.losses[0]! - dense.losses.at(-1)!)).toBeLessThan(0.5);
  const { nonzero, of } = sparse.card.nonzeros.block;
  expect(nonzero / of).toBeCloseTo(0.25, 2);
  expect(sparse.card.losses.heldOut).toBeLessThan(dense.card.losses.heldOut + 0.1);
}, 60_000);
