import type { ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomStream, seed } from "@filigree/core";
import { expect, test } from "vitest";
import { expectCode, filigree, filigreeInLittleRoom } from "./filigree.ts";
import { contentsOf, emptyFolder, filesIn } from "./folders.ts";

const CHECKPOINT = [
  "config.json",
  "metrics.jsonl",
  "model-card.json",
  "model.safetensors",
  "tokenizer.json",
  "training.html",
];
const STATE = "training-state.safetensors";

/** A folder with source files to train on and a configuration for so many steps of a tiny model. */
function workshop(steps: number, changes: Record<string, unknown> = {}): string {
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
    data: { files: ["**/*.py"], description: "made-up functions" },
    tokenizer: { vocabSize: 280 },
    context: 16,
    batch: 4,
    steps,
    sparsifier: { name: "top-k", options: { block: 0.2 } },
    checkpointEvery: 100_000,
    ...changes,
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
  expect(trained.stdout).toMatch(/^trained {6}30 steps on [\d,]+ tokens of 120 texts$/mu);
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
  expect(filesIn(join(folder, "halted"))).toEqual(["metrics.jsonl", STATE, "training.html"]);

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
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /error: no training data is named\n {2}hint: give --data FOLDER, or data\.root in the config\n$/u,
  );
});

/** Looks every few milliseconds while a process runs, until there is something to do. */
function whileRunning(child: ChildProcess, act: () => boolean): void {
  const timer = setInterval(() => act() && clearInterval(timer), 3);
  child.on("exit", () => clearInterval(timer));
}

test("killed at any moment and resumed, it ends in the same bytes", async () => {
  const often = { checkpointEvery: 10, evaluateEvery: 25 };
  const [straight, killed] = [workshop(300, often), workshop(300, often)];
  const out = join(killed, "tiny");
  mkdirSync(out);
  expectCode(await filigree([...TRAIN, "--workers", "1"], straight), 0);

  /** Kills so many milliseconds after a file came to its place for the n-th time. */
  const after = (file: string, times: number, milliseconds: number) => (child: ChildProcess) => {
    let left = times;
    const watcher = watch(out, (event, name) => {
      if (event !== "rename" || name !== file || --left > 0) return;
      watcher.close();
      if (milliseconds === 0) child.kill("SIGKILL");
      else setTimeout(() => child.kill("SIGKILL"), milliseconds);
    });
    child.on("exit", () => watcher.close());
  };
  const random = randomStream(seed(Date.now() % 2 ** 32), "test/kill");
  const draws = Array.from({ length: 3 }, () => [1 + random.integer(5), random.integer(30)] as const);
  const kills = [
    (child: ChildProcess) => void setTimeout(() => child.kill("SIGKILL"), 200),
    ...draws.map(([times, milliseconds]) => after(STATE, times, milliseconds)),
    // Between the files of one state, and between those of the checkpoint.
    after("metrics.jsonl", 2, 0),
    after("training.html", 3, 0),
    after("config.json", 1, 0),
  ];
  for (const kill of kills) {
    const { code } = await filigree([...TRAIN, "--resume", "--workers", "2"], killed, kill);
    expect(code).toBe(null);
  }
  expectCode(await filigree([...TRAIN, "--resume"], killed), 0);
  expect([draws, contentsOf(out)]).toEqual([draws, contentsOf(join(straight, "tiny"))]);
});

test("on a full disk it says so, harms nothing, and goes on once there is room", async () => {
  const [straight, full] = [workshop(600), workshop(600, { checkpointEvery: 10 })];
  const out = join(full, "tiny");
  const refusal = (hint: string) =>
    expect.stringContaining(`error: tiny: there is no room to write (EFBIG)\n  hint: ${hint}\n`);
  const first = await filigreeInLittleRoom(TRAIN, full, 16);
  expect(first).toMatchObject({ code: 2, stderr: refusal("make room, or give another --out folder") });
  expect(filesIn(out)).toEqual(["metrics.jsonl", "training.html"]);

  const stopped = await filigree(TRAIN, full, (child) => {
    whileRunning(child, () => existsSync(join(out, STATE)) && child.kill("SIGINT"));
  });
  expectCode(stopped, 130);
  const step = /the state after step (\d+)/u.exec(stopped.stderr)![1];
  const before = contentsOf(out);
  const hint = `the state after step ${step} in ${STATE} is unharmed: make room and add --resume`;
  const second = await filigreeInLittleRoom([...TRAIN, "--resume"], full, 1);
  expect(second).toMatchObject({ code: 2, stderr: refusal(hint) });
  expect(contentsOf(out)).toEqual(before);

  expectCode(await filigree([...TRAIN, "--resume"], full), 0);
  expectCode(await filigree(TRAIN, straight), 0);
  expect(contentsOf(out)).toEqual(contentsOf(join(straight, "tiny")));
});

test("names the files that are not UTF-8", async () => {
  const folder = workshop(1);
  writeFileSync(join(folder, "source/old.py"), Uint8Array.of(0xe9));
  const { code, stderr } = await filigree(TRAIN, folder);
  expect(code).toBe(0);
  expect(stderr).toContain("note: left out, because not UTF-8 text: 1 file\n  old.py\n");
});

test("prints a configuration to begin with, which trains", async () => {
  const folder = workshop(1);
  const { code, stdout } = await filigree(["train", "--init"], folder);
  expect(code).toBe(0);
  const small = { tokenizer: { vocabSize: 280 }, context: 16, steps: 2 };
  writeFileSync(join(folder, "starter.json"), JSON.stringify({ ...JSON.parse(stdout), ...small }));
  expectCode(await filigree(["train", "starter.json"], folder), 0);
  const without = await filigree(["train"], folder);
  expect(without.code).toBe(2);
  expect(without.stderr).toContain("filigree train --init prints one");
});

test("train --list names the sparsifiers and what their options are for", async () => {
  const { code, stdout } = await filigree(["train", "--list", "--json"], emptyFolder());
  expectCode({ code, stdout, stderr: "" }, 0);
  const { sparsifiers } = JSON.parse(stdout) as { sparsifiers: { name: string; options: { name: string }[] }[] };
  expect(sparsifiers.map(({ name }) => name)).toEqual(["dense", "hard-concrete", "magnitude", "rigl", "set", "top-k"]);
  const options = sparsifiers.at(-1)!.options.map(({ name }) => name);
  expect(options).toEqual(expect.arrayContaining(["block", "leastPerNeuron", "sharkfin"]));
});
