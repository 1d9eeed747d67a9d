import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { expectCode, filigree } from "./filigree.ts";
import { emptyFolder, filesIn } from "./folders.ts";

const CHECKPOINT = ["config.json", "metrics.jsonl", "model-card.json", "model.safetensors", "tokenizer.json"];
const STATE = "training-state.safetensors";

/** A folder with source files to train on and a configuration for so many steps of a tiny model. */
function workshop(steps: number): string {
  const folder = emptyFolder();
  mkdirSync(join(folder, "source"));
  for (let i = 0; i < 120; i++) {
    const lines = Array.from({ length: 20 }, (_, line) => `def f${i}(x, y): return x + ${(i * line) % 17} * y\n`);
    writeFileSync(join(folder, "source", `m${i}.py`), lines.join(""));
  }
  const config = {
    format: "filigree.training/1",
    name: "tiny",
    model: { n_layer: 1, n_head: 2, d_head: 4, d_model: 16, d_mlp: 32, afrac: 0.25, sink: true },
    data: { extensions: [".py"], description: "made-up functions" },
    tokenizer: { vocabSize: 280 },
    context: 16,
    batch: 4,
    steps,
    sparsifier: { name: "top-k", options: { block: 0.2 } },
    checkpointEvery: 100_000,
  };
  writeFileSync(join(folder, "tiny.json"), JSON.stringify(config));
  return folder;
}

const TRAIN = ["train", "tiny.json", "--data", "source"];

test("trains a model that the other commands read, and says what it made", async () => {
  const folder = workshop(30);
  const trained = await filigree(TRAIN, folder);
  expectCode(trained, 0);
  expect(trained.stdout).toMatch(/^model {8}tiny, in tiny$/mu);
  expect(trained.stdout).toMatch(/^trained {6}30 steps on [\d,]+ tokens of 120 files$/mu);
  expect(filesIn(join(folder, "tiny"))).toEqual([...CHECKPOINT, STATE].sort());
  const card = JSON.parse(readFileSync(join(folder, "tiny/model-card.json"), "utf8"));
  expect(card).toMatchObject({ command: "filigree train tiny.json --data source", steps: 30, seed: 0 });
  const inspected = await filigree(["inspect", "tiny", "--json"], folder);
  const { means, kinds } = JSON.parse(inspected.stdout);
  expect(means).toContain("0.mlp.post_act");
  expect(kinds.find(({ role }: { role: string }) => role === "block").density).toBeCloseTo(0.2, 2);
});

test("interrupted, it stores its state, and resumed, it ends in the same bytes", async () => {
  const folder = workshop(1_200);
  const interrupted = await filigree([...TRAIN, "--out", "halted"], folder, (child) => {
    const stop = (text: string) => {
      if (!text.includes("step ")) return;
      child.stderr!.off("data", stop);
      child.kill("SIGINT");
    };
    child.stderr!.on("data", stop);
  });
  expectCode(interrupted, 130);
  expect(interrupted.stdout).toBe("");
  expect(interrupted.stderr).toMatch(
    /interrupted: the state after step \d+ is in halted\/training-state\.safetensors/u,
  );
  expect(interrupted.stderr).toContain("go on with: filigree train tiny.json --data source --out halted --resume");
  expect(filesIn(join(folder, "halted"))).toEqual(["metrics.jsonl", STATE]);

  const again = await filigree([...TRAIN, "--out", "halted"], folder);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain("add --resume to go on with it");

  const resumed = await filigree([...TRAIN, "--out", "halted", "--resume"], folder);
  expectCode(resumed, 0);
  const straight = await filigree([...TRAIN, "--out", "straight"], folder);
  expectCode(straight, 0);
  for (const file of [...CHECKPOINT, STATE]) {
    const [one, other] = ["halted", "straight"].map((out) => readFileSync(join(folder, out, file), "latin1"));
    // The card records the command, which names the folder.
    expect([file, one!.replaceAll("halted", "straight") === other]).toEqual([file, true]);
  }
});

test("without data, it says how to give some", async () => {
  const { code, stderr } = await filigree(["train", "tiny.json"], workshop(1));
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: "error: no training data is named\n  hint: give --data FOLDER, or data.root in the config\n",
  });
});
