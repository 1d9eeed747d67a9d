import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { expectCode, filigree } from "./filigree.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples");
const MODEL = join(EXAMPLES, "models/python-small");

interface Verdicts {
  readonly file: string;
  readonly met: boolean;
  readonly claims: readonly { readonly text: string; readonly verdict: string }[];
}

interface Scores {
  readonly tasks: readonly { readonly accuracy: number; readonly loss: number; readonly n: number }[];
  readonly circuits: readonly {
    readonly nodes: number;
    readonly edges: number;
    /** Test loss in nats, before and after the two answers' logits are scaled. */
    readonly uncalibrated: number;
    readonly loss: number;
  }[];
}

describe("the committed model and a circuit of it", () => {
  let scores: Scores;
  beforeAll(async () => {
    const circuit = join(EXAMPLES, "quotes/quotes.nodes.json");
    const args = ["eval", MODEL, "single_double_quote", "--circuits", circuit, "--json"];
    const evaluated = await filigree(args, EXAMPLES);
    expectCode(evaluated, 0);
    scores = JSON.parse(evaluated.stdout) as Scores;
  }, 120_000);

  test("the model closes quotes as its card's folder says", () => {
    const { n, accuracy, loss } = scores.tasks[0]!;
    expect(n).toBeGreaterThanOrEqual(1000);
    expect(accuracy).toBeGreaterThanOrEqual(0.99);
    expect(loss).toBeLessThanOrEqual(0.07);
  });

  test("the pruned circuit is as small and as good as the walk-through says", () => {
    const { nodes, edges, uncalibrated, loss } = scores.circuits[0]!;
    expect(nodes).toBeLessThanOrEqual(20);
    expect(edges).toBeLessThanOrEqual(20);
    expect(uncalibrated).toBeLessThanOrEqual(0.15);
    expect(loss).toBeLessThanOrEqual(0.15);
  });
});

describe("the claims of the example files", () => {
  const files = ["quotes", "loops", "brackets"].flatMap((folder) =>
    readdirSync(join(EXAMPLES, folder))
      .filter((name) => name.endsWith(".circuit"))
      .map((name) => join(EXAMPLES, folder, name)),
  );
  const verdicts = new Map<string, Verdicts>();
  const verdictsOf = (name: string) => verdicts.get(name)!.claims.map(({ verdict }) => verdict);
  beforeAll(async () => {
    const checked = await filigree(["check", ...files, "--json"], EXAMPLES);
    expectCode(checked, 0);
    for (const document of JSON.parse(checked.stdout) as Verdicts[]) verdicts.set(basename(document.file), document);
  }, 180_000);

  test("every file is checked, and comes out as it says itself", () => {
    expect([...verdicts.keys()].sort()).toEqual(files.map((file) => basename(file)).sort());
    expect([...verdicts.values()].filter(({ met }) => !met)).toEqual([]);
  });

  test("close-quote.circuit is supported as a whole", () => {
    expect(new Set(verdictsOf("close-quote.circuit"))).toEqual(new Set(["supported"]));
  });

  test("no claim of wrong.circuit is supported, and at least four are refuted", () => {
    const found = verdictsOf("wrong.circuit");
    expect(found.length).toBeGreaterThanOrEqual(6);
    expect(found).not.toContain("supported");
    expect(found.filter((verdict) => verdict === "refuted").length).toBeGreaterThanOrEqual(4);
  });

  test("what the other files tell is supported in part, and their rivals are refuted", () => {
    for (const name of ["for-while.circuit", "indent-for.circuit", "depth.circuit"]) {
      const found = verdictsOf(name);
      expect(found.filter((verdict) => verdict === "supported").length, name).toBeGreaterThanOrEqual(3);
      expect(found, name).toContain("refuted");
    }
  });
});
