import { readFileSync, rmSync, watch } from "node:fs";
import { join } from "node:path";
import { parseNodeFile, useBackend } from "@filigree/core";
import type { TrialRun } from "@filigree/pruners";
import { beforeAll, expect, test } from "vitest";
import { expectCode, filigree } from "./filigree.ts";
import { emptyFolder, filesIn, fixture } from "./folders.ts";
import { saveSureModel, TASK } from "./sure-model.ts";

beforeAll(() => useBackend("wasm"));

const METHOD = ["--pruner", "acdc", "--set", "over=nodes", "--budget", "600", "--search", "22"];
const SEARCH = ["prune", "model", TASK, ...METHOD, "--out", "quotes.json", "--trials", "trials.jsonl"];

test("a search gives the same bytes with one and two workers, and when it is interrupted and goes on", async () => {
  const folder = emptyFolder();
  await saveSureModel(join(folder, "model"));
  const written = () => ["quotes.json", "trials.jsonl"].map((name) => readFileSync(join(folder, name), "utf8"));
  const two = await filigree([...SEARCH, "--workers", "2"], folder);
  expectCode(two, 0);
  const straight = written();
  const one = [...SEARCH, "--workers", "1"];
  const interrupt = () => {
    for (const name of ["quotes.json", "trials.jsonl"]) rmSync(join(folder, name));
    return filigree(one, folder, (child) => {
      // The state is there as soon as a run is over.
      const watcher = watch(folder, (_, name) => {
        if (name !== "quotes.json.state.json") return;
        watcher.close();
        child.kill("SIGINT");
      });
    });
  };
  let interrupted = await interrupt();
  // On a busy machine the signal may come when all is done: nothing was interrupted then.
  for (let late = 0; interrupted.code === 0 && late < 5; late++) interrupted = await interrupt();
  expectCode(interrupted, 130);
  expect(interrupted.stderr).toMatch(/interrupted: the \d+ finished runs are in quotes\.json\.state\.json/u);
  expect(filesIn(folder)).not.toContain("quotes.json");
  const other = await filigree([...one, "--resume", "--seed", "1"], folder);
  expectCode(other, 2);
  expect(other.stderr).toContain("the saved search: its seed differs: 0");
  const resumed = await filigree([...one, "--resume"], folder);
  expectCode(resumed, 0);
  expect(written()).toEqual(straight);
  expect(resumed.stdout).toBe(two.stdout);
  expect(filesIn(folder).filter((name) => !name.startsWith("model"))).toEqual(["quotes.json", "trials.jsonl"]);

  const [file, lines] = straight as [string, string];
  const runs = lines
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Extract<TrialRun, { used: number }>);
  expect(runs.map(({ rung }) => rung)).toEqual(
    [21, 7, 2 + 1].flatMap((n, rung) => Array.from({ length: n }, () => rung)),
  );
  const { found, nodes } = parseNodeFile(file, "quotes.json");
  const [best] = runs.filter(({ rung }) => rung === 2).sort((a, b) => a.edges - b.edges || a.nodes - b.nodes);
  expect(found.options).toEqual(best!.options);
  expect(Object.values(nodes).flat()).toHaveLength(best!.nodes);
  expect(resumed.stdout).toMatch(/^trial {2}rung {2}work {2}threshold {2}nodes {2}edges {2}dev loss$/mu);
  expect(resumed.stdout).toContain("and 2 more trials: --trials FILE writes all");
});

test("trials whose budget is too small for the method are counted, and the others go on", async () => {
  const folder = emptyFolder();
  await saveSureModel(join(folder, "model"));
  const args = ["prune", "model", TASK, "--set", "batchPairs=4", "--search", "4", "--out", "quotes.json"];
  const some = await filigree([...args, "--budget", "420"], folder);
  expectCode(some, 0);
  expect(some.stderr).toContain("3 of 4 trials failed, the first with: the pruner learned-mask@");
  expect(some.stdout).toMatch(/^ {4}1 {5}1 +failed$/mu);
  const all = await filigree([...args, "--budget", "150"], folder);
  expectCode(all, 2);
  expect(all.stderr).toMatch(/^error: the pruner \S+ asked for more work in every trial than its budget of 150 /mu);
  expect(all.stderr).toContain("the 4 finished runs are in quotes.json.state.json");
});

test.each([
  [
    "a method that names no ranges",
    ["--pruner", "eap", "--search", "3"],
    "expected: a pruner that does, such as learned-mask",
  ],
  ["no trials", ["--search", "0"], "It must be a whole number from 1."],
  ["a file of trials without a search", ["--trials", "t.jsonl"], "--trials without --search"],
])("%s: bad input", async (_, args, message) => {
  const folder = emptyFolder();
  const refused = await filigree(["prune", fixture("close-quote/model"), TASK, ...args, "--out", "a.json"], folder);
  expectCode(refused, 2);
  expect(refused.stderr).toContain(message);
  expect(filesIn(folder)).toEqual([]);
});
