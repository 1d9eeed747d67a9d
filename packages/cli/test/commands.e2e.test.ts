import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseSafetensors, toFloat32 } from "@filigree/core";
import { describe, expect, test } from "vitest";
import { expectCode, filigree } from "./filigree.ts";
import { emptyFolder, filesIn, fixture } from "./folders.ts";
import { saveTinyModel, TINY, tinyValues } from "./tiny-model.ts";

const MODEL = fixture("close-quote/model");
const EXAMPLE = join(import.meta.dirname, "../../../examples/models/python-small");
const TASK = fixture("close-quote/task.jsonl");
const QUOTES = { '"': 0, "'": 1 };

/** Runs a command that must succeed. */
async function output(args: readonly string[], cwd = emptyFolder()): Promise<string> {
  const ended = await filigree(args, cwd);
  expectCode(ended, 0);
  return ended.stdout;
}

function tensorsOf(path: string): Map<string, { shape: readonly number[]; values: Float32Array }> {
  const { tensors } = parseSafetensors(readFileSync(path), path);
  return new Map([...tensors].map(([name, tensor]) => [name, { shape: tensor.shape, values: toFloat32(tensor) }]));
}

test("--version prints the package's version", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  expect(await output(["--version"])).toBe(`${version}\n`);
});

describe("run", () => {
  /** Rows of the quote program: start, a letter, a quote, letters. Their last token closes the quote. */
  const rows = [QUOTES['"'], QUOTES["'"], QUOTES['"']].map((quote) => [6, 3, quote, 4, 5, 2]);

  async function record(...options: string[]) {
    const folder = emptyFolder();
    writeFileSync(join(folder, "rows.json"), JSON.stringify(rows));
    expect(await output(["run", MODEL, "--tokens", "rows.json", "--out", "out.safetensors", ...options], folder)).toBe(
      "",
    );
    return tensorsOf(join(folder, "out.safetensors"));
  }

  test("writes logits that close each row with its quote, token by token", async () => {
    const logits = (await record()).get("logits")!;
    expect(logits.shape).toEqual([3, 6, 6]);
    const answers = rows.map((_, row) => logits.values.subarray((row * 6 + 5) * 6, (row * 6 + 6) * 6));
    answers.forEach((scores, row) => {
      expect(scores.indexOf(Math.max(...scores))).toBe(rows[row]![2]);
    });
    const beforeTheQuote = logits.values.subarray(0, 12);
    expect(Math.max(...beforeTheQuote.map(Math.abs))).toBeLessThan(1e-4);
  });

  test("records sites as rows × tokens × channels and patterns as rows × heads × queries × keys", async () => {
    const tensors = await record("--record", "1.attn.{v,pattern}", "--record", "final_resid");
    expect([...tensors].map(([name, { shape }]) => [name, ...shape])).toEqual([
      ["logits", 3, 6, 6],
      ["1.attn.v", 3, 6, 7],
      ["1.attn.pattern", 3, 1, 6, 6],
      ["final_resid", 3, 6, 25],
    ]);
    // After the quote the head looks at the quote alone; before it, at the start.
    const looks = Array.from({ length: 6 }, (_, query) => {
      const weights = tensors.get("1.attn.pattern")!.values.subarray(36 + query * 6, 36 + query * 6 + 6);
      return weights.findIndex((weight) => weight > 0.99);
    });
    expect(looks).toEqual([0, 0, 2, 2, 2, 2]);
  });

  test("gives the same on the cpu backend", async () => {
    const [wasm, cpu] = [await record("--record", "*"), await record("--record", "*", "--backend", "cpu")];
    expect([...cpu.keys()]).toEqual([...wasm.keys()]);
    for (const [name, { values }] of wasm) {
      const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - cpu.get(name)!.values[i]!)), 0);
      expect({ name, same: worst < 1e-5 }).toEqual({ name, same: true });
    }
  });

  test("a row's values do not depend on the rows that run with it", async () => {
    const folder = emptyFolder();
    await saveTinyModel(join(folder, "model"));
    const many = Array.from({ length: 1_500 }, (_, i) => Array.from({ length: 5 }, (_, t) => (i * 7 + t * t) % 10));
    writeFileSync(join(folder, "many.json"), JSON.stringify(many));
    writeFileSync(join(folder, "one.json"), JSON.stringify([many[1_234]]));
    for (const name of ["many", "one"]) {
      await output(["run", "model", "--tokens", `${name}.json`, "--out", name, "--record", "*.attn.y"], folder);
    }
    const all = tensorsOf(join(folder, "many"));
    for (const [name, { values }] of tensorsOf(join(folder, "one"))) {
      const own = all.get(name)!.values.slice(1_234 * values.length, 1_235 * values.length);
      expect({ name, values: own }).toEqual({ name, values });
    }
  });

  test("--repeat --json prints the times of the passes and nothing else", async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "rows.json"), JSON.stringify(rows));
    const args = ["run", MODEL, "--tokens", "rows.json", "--repeat", "3", "--json"];
    const { tokensPerSecond, milliseconds, peakMemoryBytes, ...rest } = JSON.parse(await output(args, folder));
    const [median, min, max] = milliseconds;
    expect(min).toBeLessThanOrEqual(median);
    expect(median).toBeLessThanOrEqual(max);
    expect(tokensPerSecond).toBeCloseTo((1000 * 18) / median);
    expect(peakMemoryBytes).toBeGreaterThan(1e7);
    expect(rest).toEqual({});
    expect(filesIn(folder)).toEqual(["rows.json"]);
  });

  test("asks for something to do", async () => {
    const { code, stderr } = await filigree(["run", MODEL, "--tokens", "rows.json"], emptyFolder());
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "error: there is nothing to do\n  hint: give --out FILE.safetensors, or --repeat N\n",
    });
  });
});

describe("inspect", () => {
  test("counts nonzero weights and finds the parts that they leave dead", async () => {
    const inspection = JSON.parse(await output(["inspect", MODEL, "--json"]));
    expect(inspection.hash).toMatch(/^[0-9a-f]{64}$/u);
    expect(inspection.kinds).toContainEqual({ role: "block", nonzero: 26, of: 1_600, density: 26 / 1_600 });
    const projection = inspection.parameters.find(({ name }: { name: string }) => name.includes("h.1.attn.c_proj"));
    expect(projection).toMatchObject({ role: "block", shape: [25, 7], nonzero: 6, of: 175 });
    expect(inspection.layers).toMatchObject([
      { layer: 0, neurons: { dead: 0, of: 2 }, heads: { dead: [0], of: 1 } },
      { layer: 1, neurons: { dead: 2, of: 2 }, heads: { dead: [], of: 1 } },
    ]);
    expect(inspection.files).toContainEqual({ name: "config.json", bytes: statSync(join(MODEL, "config.json")).size });
    expect(inspection.config).toMatchObject({ nLayer: 2, causal: true });
  });

  test("counts the weights into and out of every node, and the residual channels", async () => {
    const folder = emptyFolder();
    await saveTinyModel(join(folder, "model"));
    const { layers, stream, memoryBytes, files } = JSON.parse(await output(["inspect", "model", "--json"], folder));
    const values = tinyValues();
    /** Nonzeros of each row (axis 0) or column (axis 1) of some rows of a matrix with `cols` columns. */
    const counts = (name: string, cols: number, axis: 0 | 1, [from, to] = [0, Infinity]) => {
      const result = new Map<number, number>();
      values.get(name)!.forEach((value, i) => {
        const [row, col] = [Math.floor(i / cols), i % cols];
        if (row < from! || row >= to!) return;
        const node = axis === 0 ? row - from! : col;
        result.set(node, (result.get(node) ?? 0) + (value === 0 ? 0 : 1));
      });
      return [...result.values()];
    };
    const degrees = (list: number[]) => {
      const sorted = list.toSorted((a, b) => a - b);
      const half = sorted.length / 2;
      return { median: (sorted[Math.ceil(half) - 1]! + sorted[Math.floor(half)]!) / 2, max: sorted.at(-1) };
    };
    const { dModel, dMlp } = TINY;
    const h = "transformer.h.1";
    const neuronsIn = counts(`${h}.mlp.c_fc.weight`, dModel, 0);
    const neuronsOut = counts(`${h}.mlp.c_proj.weight`, dMlp, 1);
    expect(layers[1].sites).toContainEqual({
      site: "1.mlp.post_act",
      of: dMlp,
      in: degrees(neuronsIn),
      out: degrees(neuronsOut),
      dead: neuronsIn.filter((n, i) => n === 0 || neuronsOut[i] === 0).length,
    });
    const keysIn = counts(`${h}.attn.c_attn.weight`, dModel, 0, [6, 12]);
    expect(layers[1].sites).toContainEqual({
      site: "1.attn.k",
      of: 6,
      in: degrees(keysIn),
      dead: keysIn.filter((n) => n === 0).length,
    });
    expect(layers[1].sites.map(({ site }: { site: string }) => site)).toHaveLength(8);
    expect(stream).toEqual({ of: dModel, unwritten: 0, unread: 0, dead: 0 });
    expect(memoryBytes).toBeGreaterThan(1000);
    expect(files).toHaveLength(2);
  });

  test("finds residual channels that nothing writes or reads", async () => {
    const { stream } = JSON.parse(await output(["inspect", MODEL, "--json"]));
    expect(stream).toMatchObject({ of: 25 });
    expect(stream.dead).toBeGreaterThanOrEqual(Math.max(stream.unwritten, stream.unread));
    const folder = emptyFolder();
    const changed = new Map(
      [...tinyValues()].map(([name, values]) => {
        // Channel 2 of 8 is a column of what reads and of the embedding, a row of what writes.
        const cols = /c_attn|c_fc|wte|lm_head/u.test(name) ? TINY.dModel : 0;
        const copy = values.slice();
        if (cols > 0) copy.forEach((_, i) => (copy[i] = i % cols === 2 && !name.includes("wte") ? 0 : copy[i]!));
        return [name, copy] as const;
      }),
    );
    await saveTinyModel(join(folder, "model"), changed);
    const tiny = JSON.parse(await output(["inspect", "model", "--json"], folder));
    expect(tiny.stream).toEqual({ of: 8, unwritten: 0, unread: 1, dead: 1 });
    expect(await output(["inspect", "model"], folder)).toContain("1 of 8 dead (0 never written, 1 never read)");
  });

  test("shows the same to a person", async () => {
    const stdout = await output(["inspect", MODEL]);
    expect(stdout).toMatch(/^ {2}layers {6}2, 25 channels, MLP of 2 neurons$/mu);
    expect(stdout).toMatch(/^ {2}block {13}26 {2}1,600 {4}1\.6 %$/mu);
    expect(stdout).toMatch(/^ {2}transformer\.h\.1\.attn\.c_proj\.weight +25 × 7 +6 +175 +3\.4 %$/mu);
    expect(stdout).not.toContain("\u001B");
  });

  test("knows a model with every option", async () => {
    const folder = emptyFolder();
    await saveTinyModel(join(folder, "model"));
    const inspection = JSON.parse(await output(["inspect", "model", "--json"], folder));
    expect(inspection.config).toEqual(TINY);
    expect(inspection.kinds.map(({ role }: { role: string }) => role).sort()).toEqual([
      "bias",
      "bigram",
      "block",
      "embedding",
      "gain",
      "sink",
      "unembedding",
    ]);
  });
});

describe("eval", () => {
  test("scores a task in a file", async () => {
    const { tasks } = JSON.parse(await output(["eval", MODEL, TASK, "--json"]));
    // The program gives its answer 1 and the other 0: -ln(e / (e + 1)).
    expect(tasks).toEqual([
      { name: "close quote", accuracy: 1, loss: expect.closeTo(Math.log1p(1 / Math.E), 5), n: 128 },
    ]);
    expect(await output(["eval", MODEL, TASK])).toBe(
      "task         examples  accuracy   loss\nclose quote       128   100.0 %  0.313\n",
    );
  });

  test("without a task, has a row for each that says so where the model cannot express it", async () => {
    const [titles, ...rows] = (await output(["eval", MODEL])).trimEnd().split("\n");
    expect(titles).toMatch(/^task +examples +accuracy +loss$/u);
    expect(rows.slice(0, 20).map((row) => row.split(" ")[0])).toEqual(
      JSON.parse(await output(["tasks", "--json"])).tasks.map(({ name }: { name: string }) => name),
    );
    expect(rows[1]).toMatch(/^final_kwarg +– +– +– {2}the model has no vocabulary to express the task in$/u);
    expect(rows.at(-1)).toBe("0 of 20 tasks at an accuracy of 95 % or more and a loss of 0.15 or less");
    const document = JSON.parse(await output(["eval", MODEL, "--json"]));
    expect(document.tasks).toEqual([]);
    expect(document.unfit).toHaveLength(20);
    expect(document.unfit[0]).toEqual({ name: "single_double_quote", unfit: expect.stringContaining("no vocabulary") });
  });

  test("scores several tasks in the order asked for, among the answers or the whole vocabulary", async () => {
    const args = ["eval", EXAMPLE, "if_equals:nonsense", "if_equals"];
    const scores = async (...more: string[]) => JSON.parse(await output([...args, "--json", ...more])).tasks as Score[];
    const among = await scores();
    expect(among.map(({ name }) => name)).toEqual(args.slice(2));
    expect(among.map(({ n }) => n)).toEqual([1000, 1000]);
    expect(among[1]!.accuracy).toBeGreaterThan(0.9);
    // No model knows what the answers of a nonsense task are.
    expect(among[0]!.accuracy).toBeLessThan(0.6);
    const whole = await scores("--metric", "full-vocabulary", "--workers", "1");
    whole.forEach(({ accuracy, loss }, i) => {
      expect(accuracy).toBeLessThanOrEqual(among[i]!.accuracy);
      expect(loss).toBeGreaterThan(among[i]!.loss);
    });
  });
});

interface Score {
  readonly name: string;
  readonly accuracy: number;
  readonly loss: number;
  readonly n: number;
}

describe("tasks", () => {
  test("lists every built-in task with an example", async () => {
    const stdout = await output(["tasks"]);
    expect(stdout).toMatch(/^for_while$/mu);
    expect(stdout).toMatch(/^ {2}features {3}loop, variable \(nuisance\)$/mu);
    expect(stdout).toMatch(/^ {2}│ {5}for \w+ → " in" not ":\\n"$/mu);
    const { tasks } = JSON.parse(await output(["tasks", "--json"]));
    expect(tasks).toHaveLength(20);
    expect(tasks[0]).toMatchObject({ name: "single_double_quote", example: { answer: "')", foil: '")' } });
  });

  test("shows one task with pairs of its prompts, in the tokens of a model", async () => {
    const stdout = await output(["tasks", "for while", "--model", EXAMPLE]);
    expect(stdout).toMatch(/^ {2}examples {3}1,000 test, 1,000 dev$/mu);
    expect(stdout).toMatch(/^ {2}tokens {5}"\\n.*→ (" in" not ":"|":" not " in")$/mu);
    const { tasks } = JSON.parse(await output(["tasks", "for_while", "--json"]));
    expect(tasks).toHaveLength(1);
    for (const [first, second] of tasks[0].prompts) {
      expect(second.prompt).toBe(first.prompt.replace(/for (\w+)$/u, "while $1"));
      expect([first.answer, second.answer]).toEqual([" in", ":\n"]);
    }
  });

  test("--model says what the vocabulary cannot express", async () => {
    const { tasks } = JSON.parse(await output(["tasks", "--model", MODEL, "--json"]));
    expect(tasks[0].notInVocabulary).toContain("no vocabulary to express the task in");
  });
});

describe("fmt", () => {
  const untidy = 'circuit   "x"  // why\nattn L1  copies quote type\n';
  const tidy = 'circuit "x"  // why\nattn L1 copies quote type\n';

  test("--check names the files that would change and leaves them", async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "a.circuit"), untidy);
    writeFileSync(join(folder, "b.circuit"), tidy);
    const { code, stdout } = await filigree(["fmt", "--check", "a.circuit", "b.circuit"], folder);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "a.circuit\n" });
    expect(readFileSync(join(folder, "a.circuit"), "utf8")).toBe(untidy);
  });

  test("writes the standard form, and then has nothing to do", async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "a.circuit"), untidy);
    expect(await output(["fmt", "a.circuit"], folder)).toBe("a.circuit\n");
    expect(readFileSync(join(folder, "a.circuit"), "utf8")).toBe(tidy);
    expect(await output(["fmt", "a.circuit"], folder)).toBe("");
    expect(await output(["fmt", "--check", "a.circuit"], folder)).toBe("");
  });

  test("changes no file where one has errors", async () => {
    const folder = emptyFolder();
    writeFileSync(join(folder, "a.circuit"), untidy);
    writeFileSync(join(folder, "b.circuit"), "attn L1 copies\n");
    const { code, stdout, stderr } = await filigree(["fmt", "a.circuit", "b.circuit"], folder);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^b\.circuit:1:\d+: error:/mu);
    expect(readFileSync(join(folder, "a.circuit"), "utf8")).toBe(untidy);
  });
});

test("a reader that stops early is no fault", async () => {
  const { code, stderr } = await filigree(["inspect", MODEL], emptyFolder(), (child) => child.stdout!.destroy());
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
