import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatSafetensors, fromFloat32, parseSafetensors } from "@filigree/core";
import { describe, expect, test, vi } from "vitest";
import { expectCode, filigree } from "./filigree.ts";
import { emptyFolder, filesIn, fixture, quoteFolder } from "./folders.ts";

const WORKERS = ["1", "2", "3"];
const MODEL = fixture("close-quote/model");
const TASK = fixture("close-quote/task.jsonl");

/** Runs a command with 1, 2 and 3 workers; each prints and writes the same. */
async function sameForAnyNumber(args: readonly string[], cwd: string, written: readonly string[] = []) {
  const results: { stdout: string; files: string[] }[] = [];
  for (const workers of WORKERS) {
    const ended = await filigree([...args, "--workers", workers], cwd);
    expectCode(ended, 0);
    results.push({ stdout: ended.stdout, files: written.map((name) => readFileSync(join(cwd, name), "latin1")) });
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
  return results[0]!;
}

/** Gives a checkpoint of the compiled quote program the means that circuits of it are evaluated with. */
function addZeroMeans(path: string): void {
  const tensors = new Map(parseSafetensors(readFileSync(path), path).tensors);
  const attention = { act_in: 25, q: 7, k: 7, v: 7, resid_delta: 25 };
  const mlp = { act_in: 25, post_act: 2, resid_delta: 25 };
  for (const [part, widths] of Object.entries({ attn: attention, mlp })) {
    for (const [kind, width] of Object.entries(widths)) {
      const zeros = fromFloat32(new Float32Array(width), [width]);
      for (const layer of [0, 1]) tensors.set(`mean.${layer}.${part}.${kind}`, zeros);
    }
  }
  writeFileSync(path, formatSafetensors(tensors));
}

/** A node file of the compiled quote program's head. */
function writeCircuit(path: string, model: string, channels: readonly number[]): void {
  const circuit = {
    format: "filigree.nodes/1",
    model,
    task: "./task.jsonl",
    nodes: { "1.attn.v": channels },
    edges: [],
    ablation: { kind: "mean", means: "model" },
    loss: { dev: 0, test: 0, uncalibrated: 0, model: 0 },
    found: { pruner: "by-hand@0.0.0", options: {}, seed: 0 },
  };
  writeFileSync(path, JSON.stringify(circuit));
}

/** What a command says on standard error beside the lines of progress, which depend on the time. */
function withoutProgress(stderr: string): string {
  return stderr.replace(/^[\d,]+ of [\d,]+ \w+ done.*\n/gmu, "");
}

/** A `.circuit` file of the compiled quote program that takes a while. */
function longCheck(): string {
  const folder = emptyFolder();
  const claims = ["resid L0 at opener carries quote type", "attn L1 at last carries quote type"];
  const lines = [`model "${MODEL}"`, `task "${TASK}"`, "donors 127", "alpha 0.01", ...claims, ...claims, ""];
  writeFileSync(join(folder, "long.circuit"), lines.join("\n"));
  return folder;
}

describe("any number of workers gives the same bytes", () => {
  test("check: the table, the document and the trace", async () => {
    const folder = emptyFolder();
    const lines = [
      `model "${MODEL}"`,
      `task "${TASK}"`,
      "examples 48",
      "attn L1 head 0 attends from last to opener expect mass >= 0.9",
      "attn L1 copies quote type from opener to last via v",
      "attn L1 is sufficient and necessary expect not supported",
      "attn L1 at last ignores body expect not supported",
      "claim again: attn L1 copies quote type from opener to last via v",
    ];
    writeFileSync(join(folder, "a.circuit"), lines.join("\n"));
    const args = ["check", "a.circuit", "--json", "--trace", "t.jsonl"];
    const { stdout, files } = await sameForAnyNumber(args, folder, ["t.jsonl"]);
    expect(filesIn(folder)).toEqual(["a.circuit", "t.jsonl"]);

    const { claims } = JSON.parse(stdout);
    expect(claims.map(({ line }: { line: number }) => line)).toEqual([4, 5, 6, 6, 7, 8]);
    // One sentence, one result, whatever it is called and wherever it stands.
    expect(claims[5]).toEqual({ ...claims[1], name: "again", line: 8 });
    // The trace goes claim by claim.
    const traced = files[0]!
      .trimEnd()
      .split("\n")
      .map((line): string => JSON.parse(line).claim);
    expect(traced.filter((name, i) => name !== traced[i - 1])).toEqual(
      claims.map(({ name }: { name: string }) => name),
    );
  });

  test("check of several files, faulty ones among them", async () => {
    const folder = quoteFolder();
    writeFileSync(join(folder, "faulty.circuit"), 'model "nowhere"\ntask "./task.jsonl"\nattn L1 copies quote type\n');
    const files = ["close-quote.circuit", "faulty.circuit", "missing.circuit", "wrong.circuit"];
    const args = ["check", ...files, "--examples", "32", "--workers"];
    const [one, three] = [await filigree([...args, "1"], folder), await filigree([...args, "3"], folder)];
    expectCode(one, 2);
    expect(one.stdout.match(/ claims as expected$/gmu)).toHaveLength(2);
    expect(withoutProgress(one.stderr)).toMatch(/^faulty\.circuit:1:7: error: /u);
    expect(one.stderr).toContain("error: missing.circuit: there is no such file");
    expect(one.stderr).toContain("2 files of 4 could not be checked");
    expect({ ...three, stderr: withoutProgress(three.stderr) }).toEqual({
      ...one,
      stderr: withoutProgress(one.stderr),
    });
  });

  test("eval", async () => {
    const folder = quoteFolder();
    addZeroMeans(join(folder, "model/model.safetensors"));
    const { hash } = JSON.parse((await filigree(["inspect", "model", "--json"], folder)).stdout);
    const circuits = { "a.json": [0, 1], "b.json": [0] };
    for (const [name, channels] of Object.entries(circuits)) writeCircuit(join(folder, name), hash, channels);
    const args = ["eval", "model", "./task.jsonl", "--json", "--circuits", ...Object.keys(circuits)];
    const scores = JSON.parse((await sameForAnyNumber(args, folder)).stdout);
    expect(scores.tasks).toHaveLength(1);
    expect(scores.circuits).toMatchObject([
      { file: "a.json", nodes: 2 },
      { file: "b.json", nodes: 1 },
    ]);
  });

  test("run", async () => {
    const folder = emptyFolder();
    const rows = Array.from({ length: 1_500 }, (_, row) => Array.from({ length: 6 }, (__, t) => (row * 5 + t * t) % 8));
    writeFileSync(join(folder, "rows.json"), JSON.stringify(rows));
    const record = ["--record", "1.attn.*", "--record", "final_resid"];
    const args = ["run", MODEL, "--tokens", "rows.json", "--out", "out.safetensors", ...record];
    await sameForAnyNumber(args, folder, ["out.safetensors"]);
    // Of several faulty rows the first is named.
    rows[900]![2] = 50;
    rows[1_400]![1] = 51;
    writeFileSync(join(folder, "rows.json"), JSON.stringify(rows));
    for (const workers of ["1", "2"]) {
      const refused = await filigree([...args, "--workers", workers], folder);
      expectCode(refused, 2);
      expect(withoutProgress(refused.stderr)).toBe(
        "error: rows.json: [900][2]: the model has no token 50\n  expected: 0 to 7\n",
      );
    }
  });
});

describe("an end before the end", () => {
  test.each(["1", "2"])(
    "Ctrl-C with %s workers: exit code 130 at once, with a message, and no file",
    async (workers) => {
      const folder = longCheck();
      let asked = Infinity;
      const args = ["check", "long.circuit", "--trace", "t.jsonl", "--workers", workers];
      const ended = await filigree(args, folder, (child) => {
        child.stderr!.once("data", () => {
          asked = performance.now();
          child.kill("SIGINT");
        });
      });
      const waited = performance.now() - asked;
      expectCode(ended, 130);
      expect(ended.stderr).toMatch(/^interrupted: .*the same command starts again$/mu);
      expect(ended.stdout).toBe("");
      expect(filesIn(folder)).toEqual(["long.circuit"]);
      expect(waited).toBeLessThan(5_000);
    },
  );

  test("a worker that ends by itself is our fault, and says what to report", async () => {
    const folder = longCheck();
    const end = 'import{isMainThread}from"node:worker_threads";if(!isMainThread)setTimeout(()=>process.exit(3),50)';
    vi.stubEnv("NODE_OPTIONS", `--import=data:text/javascript,${encodeURIComponent(end)}`);
    try {
      const ended = await filigree(["check", "long.circuit", "--workers", "2"], folder);
      expectCode(ended, 70);
      expect(ended.stderr).toMatch(/^error: this is a fault of filigree, .* report it with these lines:$/mu);
      expect(ended.stderr).toContain("command: filigree check long.circuit --workers 2");
      expect(ended.stderr).toContain("a worker thread ended in the middle of its work");
      expect(ended.stderr).toContain("exit code 3");
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
