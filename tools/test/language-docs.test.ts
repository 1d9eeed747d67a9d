import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseTokenizer, seed } from "@filigree/core";
import * as hypothesis from "@filigree/hypothesis";
import { check, claimFrame, openCheck, SharedWork, type OpenedCheck } from "@filigree/scrubbing";
import { loadTask } from "@filigree/tasks";
import { afterAll, expect, test } from "vitest";
import { grammarRules } from "../../packages/hypothesis/src/syntax/grammar.ts";

const DOCS = new URL("../../docs/language/", import.meta.url);
const TOUR = new URL("tour/", DOCS);
const MODEL = new URL("../../examples/models/python-small/", import.meta.url);
const TOUR_FILES = readdirSync(TOUR).filter((name) => name.endsWith(".circuit"));
const read = (url: URL): string => readFileSync(url, "utf8");

test("what is made from the language's code is up to date", async () => {
  const maker = new URL("../language/language-files.mjs", import.meta.url).href;
  const { languageFiles } = (await import(maker)) as {
    languageFiles(
      rules: unknown,
      language: unknown,
      open: (input: { text: string; file: string }) => Promise<OpenedCheck>,
    ): Promise<Map<string, string>>;
  };
  // It throws where a rule or a code is not told, or an example does not give what it should.
  const files = await languageFiles(grammarRules(), hypothesis, openCheck);
  for (const [path, text] of files) expect(read(new URL(path, DOCS)), path).toBe(text);
  const drawn = readdirSync(new URL("railroad/", DOCS)).map((name) => `railroad/${name}`);
  expect(drawn.filter((path) => !files.has(path))).toEqual([]);
});

test("every file of the tour is in its layout and checks without a diagnostic", () => {
  const config = JSON.parse(read(new URL("config.json", MODEL))) as Record<string, number>;
  const tokenizer = parseTokenizer(read(new URL("tokenizer.json", MODEL)), "tokenizer.json");
  const { n_layer: nLayer, n_head: nHead, d_head: dHead, d_model: dModel, d_mlp: dMlp } = config as never;
  const { vocab_size: vocabSize, out_size: outSize, block_size: blockSize } = config as never;
  const options = { tokenizer, vocabSize, outSize, blockSize, baseDirectory: ".", seed: seed(0) };
  const { features, positionNames } = loadTask("single_double_quote", options);
  const environment: hypothesis.Environment = {
    shape: { nLayer, nHead, dHead, dModel, dMlp },
    task: { features, positions: positionNames },
    nodeFile: (path) => {
      const { nodes } = JSON.parse(read(new URL(path, TOUR))) as { nodes: never };
      return { nodes, edges: [] } as never;
    },
    circuitFile: (path) => ({ file: path, text: read(new URL(path, TOUR)) }),
  };
  const kinds = new Set<string>();
  for (const name of TOUR_FILES) {
    const text = read(new URL(name, TOUR));
    expect(hypothesis.formatCircuit(text, name)).toEqual({ text, diagnostics: [] });
    const { tree } = hypothesis.parseCircuit(text, name);
    const checked = hypothesis.checkCircuit(tree, environment);
    expect(checked.diagnostics).toEqual([]);
    expect(existsSync(new URL(checked.hypothesis!.model, TOUR))).toBe(true);
    for (const { statement } of checked.hypothesis!.claims) kinds.add(statement.kind);
  }
  // One of each statement, and a section for each file.
  expect(kinds.size).toBe(13);
  const page = read(new URL("README.md", TOUR));
  expect(TOUR_FILES.filter((name) => !page.includes(`(${name})`))).toEqual([]);
});

const shared = new SharedWork();
afterAll(() => shared.dispose());

test.each(TOUR_FILES)("every claim of the tour's %s is conclusive, and as the file expects", async (name) => {
  const file = fileURLToPath(new URL(name, TOUR));
  const text = read(new URL(name, TOUR));
  const { diagnostics, verdict, details } = {
    verdict: undefined,
    details: [],
    ...(await check({ text, file, shared })),
  };
  expect(diagnostics).toEqual([]);
  const frames = verdict!.claims.flatMap((claim, i) => (claim.met ? [] : [claimFrame(claim, details[i]!, name, text)]));
  expect(frames).toEqual([]);
  // A tour shows what verdicts mean: none of them waits for more examples.
  expect(verdict!.claims.map(({ verdict: came }) => came)).not.toContain("inconclusive");
});
