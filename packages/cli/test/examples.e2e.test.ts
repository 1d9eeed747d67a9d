import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { expectCode, filigree } from "./filigree.ts";
import { emptyFolder } from "./folders.ts";

const EXAMPLES = join(import.meta.dirname, "../../../examples");
const MODEL = join(EXAMPLES, "models/python-small");

interface Verdicts {
  readonly met: boolean;
  readonly claims: readonly { readonly text: string; readonly verdict: string }[];
}

interface Circuits {
  readonly circuits: readonly {
    readonly nodes: number;
    readonly edges: number;
    /** Test loss in nats, before and after the two answers' logits are scaled. */
    readonly uncalibrated: number;
    readonly loss: number;
  }[];
}

describe("the committed model and the claims about it", () => {
  test("the model closes quotes as its card's folder says", async () => {
    const { stdout, ...rest } = await filigree(["eval", MODEL, "single_double_quote", "--json"], emptyFolder());
    expectCode({ stdout, ...rest }, 0);
    const { tasks } = JSON.parse(stdout) as { tasks: { name: string; accuracy: number; loss: number; n: number }[] };
    expect(tasks[0]!.n).toBeGreaterThanOrEqual(1000);
    expect(tasks[0]!.accuracy).toBeGreaterThanOrEqual(0.99);
    expect(tasks[0]!.loss).toBeLessThanOrEqual(0.07);
  });

  test("the pruned circuit is as small and as good as the walk-through says", async () => {
    const file = join(EXAMPLES, "quotes/quotes.nodes.json");
    const measured = await filigree(
      ["eval", MODEL, "single_double_quote", "--circuits", file, "--json"],
      emptyFolder(),
    );
    expectCode(measured, 0);
    const { circuits } = JSON.parse(measured.stdout) as Circuits;
    const { nodes, edges, uncalibrated, loss } = circuits[0]!;
    expect(nodes).toBeLessThanOrEqual(20);
    expect(edges).toBeLessThanOrEqual(20);
    expect(uncalibrated).toBeLessThanOrEqual(0.15);
    expect(loss).toBeLessThanOrEqual(0.15);
  });

  test("every claim of close-quote.circuit is supported", async () => {
    const checked = await filigree(["check", join(EXAMPLES, "quotes/close-quote.circuit"), "--json"], emptyFolder());
    expectCode(checked, 0);
    const { claims, met } = JSON.parse(checked.stdout) as Verdicts;
    expect(met).toBe(true);
    expect(claims.filter(({ verdict }) => verdict !== "supported")).toEqual([]);
  });

  test("no claim of wrong.circuit is, and at least four are refuted", async () => {
    const checked = await filigree(["check", join(EXAMPLES, "quotes/wrong.circuit"), "--json"], emptyFolder());
    expectCode(checked, 0);
    const { claims } = JSON.parse(checked.stdout) as Verdicts;
    expect(claims.length).toBeGreaterThanOrEqual(6);
    expect(claims.filter(({ verdict }) => verdict === "supported")).toEqual([]);
    expect(claims.filter(({ verdict }) => verdict === "refuted").length).toBeGreaterThanOrEqual(4);
  });
});
