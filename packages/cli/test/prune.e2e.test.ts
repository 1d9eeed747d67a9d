import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseNodeFile, siteName, useBackend } from "@filigree/core";
import { beforeAll, expect, test } from "vitest";
import { expectCode, filigree } from "./filigree.ts";
import { emptyFolder, filesIn, fixture } from "./folders.ts";
import { saveSureModel, TASK } from "./sure-model.ts";

beforeAll(() => useBackend("wasm"));

test("prune prints a circuit; interrupted and resumed it writes the same one; eval scores it", async () => {
  const folder = emptyFolder();
  await saveSureModel(join(folder, "model"));
  const model = ["model/config.json", "model/model.safetensors"];
  const straight = await filigree(["prune", "model", TASK], folder);
  expectCode(straight, 0);
  const circuit = parseNodeFile(straight.stdout, "standard output");
  expect(circuit.loss.test).toBeLessThan(0.15);
  // Channels 0 and 1 of the program's only working head hold the two quotes; where one is missing, the other is there.
  const moved = circuit.nodes[siteName("1.attn.v")];
  expect([[0], [1], [0, 1]]).toContainEqual(moved);

  const prune = ["prune", "model", TASK, "--out", "quotes.json"];
  const interrupted = await filigree(prune, folder, (child) => {
    child.stderr!.once("data", () => child.kill("SIGINT"));
  });
  expectCode(interrupted, 130);
  expect(interrupted.stderr).toMatch(/interrupted: the state after step \d+ is in quotes\.json\.state\.json/u);
  expect(filesIn(folder)).toEqual([...model, "quotes.json.state.json"]);

  const state = join(folder, "quotes.json.state.json");
  const saved = readFileSync(state, "utf8");
  writeFileSync(state, saved.replace(/"tau":\[[^,]+,/u, '"tau":["many",'));
  const damaged = await filigree([...prune, "--resume"], folder);
  expectCode(damaged, 2);
  expect(damaged.stderr).toContain("error: quotes.json.state.json: sha256: it is not what was saved: its hash differs");
  expect(filesIn(folder)).toEqual([...model, "quotes.json.state.json"]);

  writeFileSync(state, saved);
  const resumed = await filigree([...prune, "--resume"], folder);
  expectCode(resumed, 0);
  expect(resumed.stdout).toMatch(/^circuit {6}\d+ nodes, \d+ edges, in quotes\.json$/mu);
  expect(filesIn(folder)).toEqual([...model, "quotes.json"]);
  expect(readFileSync(join(folder, "quotes.json"), "utf8")).toBe(straight.stdout);

  const scored = await filigree(["eval", "model", TASK, "--json", "--circuits", "quotes.json"], folder);
  expectCode(scored, 0);
  const { tasks, circuits } = JSON.parse(scored.stdout);
  expect(tasks).toHaveLength(1);
  expect(circuits).toHaveLength(1);
  expect(circuits).toMatchObject([
    {
      file: "quotes.json",
      task: TASK,
      nodes: Object.values(circuit.nodes).flat().length,
      edges: circuit.edges.length,
      accuracy: 1,
      loss: circuit.loss.test,
      uncalibrated: circuit.loss.uncalibrated,
      model: circuit.loss.model,
    },
  ]);
});

test("prune --list names the methods and what their options are for", async () => {
  const { code, stdout } = await filigree(["prune", "--list", "--json"], emptyFolder());
  expect(code).toBe(0);
  expect(JSON.parse(stdout).pruners).toContainEqual({
    name: "eap-ig",
    version: expect.any(String),
    about: expect.stringContaining("Hanna et al. 2024"),
    options: expect.arrayContaining([
      { name: "steps", about: "gradients on the way", expected: "a whole number from 1", default: 5 },
    ]),
  });
});

test.each([
  ["no task", ["prune", "model"], "a model and a task are needed"],
  [
    "an unknown method",
    ["prune", fixture("close-quote/model"), TASK, "--pruner", "lerned-mask"],
    'did you mean "learned-mask"',
  ],
  [
    "a model that misses the target",
    ["prune", fixture("close-quote/model"), TASK],
    "the whole model has a loss of 0.313",
  ],
  ["no means", ["prune", fixture("close-quote/model"), TASK, "--target", "0.4"], "no mean of the site"],
])("%s is bad input", async (_, args, message) => {
  const folder = emptyFolder();
  const refused = await filigree([...args, "--out", "nodes.json"], folder);
  expectCode(refused, 2);
  expect(refused.stderr).toContain(message);
  expect(filesIn(folder)).toEqual([]);
});

test("an option that the method does not have is answered with the nearest, and nothing is written", async () => {
  const folder = emptyFolder();
  await saveSureModel(join(folder, "model"));
  const args = ["prune", "model", TASK, "--out", "a.json"];
  const unknown = await filigree([...args, "--set", "nodecost=1"], folder);
  expectCode(unknown, 2);
  expect(unknown.stderr).toContain('did you mean "nodeCost"?');
  const shapeless = await filigree([...args, "--set", "nodeCost"], folder);
  expectCode(shapeless, 2);
  expect(shapeless.stderr).toContain("such as nodeCost=0.003");
  expect(filesIn(folder).filter((name) => !name.startsWith("model"))).toEqual([]);
});
