import { disposeModel, type Model, type SiteName } from "@filigree/core";
import { DEFAULTS, type CircuitNodes, type Statement } from "@filigree/hypothesis";
import { expect, test } from "vitest";
import { checkStatement } from "../support/hand-made.ts";
import { makeModel, PLAIN, type Entry } from "../support/make-model.ts";
import { twoSignsEmbedding, twoSignsTask } from "../support/two-signs.ts";

// The sign of the last token is the answer. In the first layer one or three pairs of neurons pass it on, each to a channel
// of its own; the second adds the channels up and keeps the sign of the sum: what the majority of the pairs says.

const [SIGN, NOISE, OUT] = [0, 1, 2];
const SUMS = [7, 8, 9];

function signModel(routes: number): Promise<Model> {
  const pairs = Array.from({ length: routes }, (_, route) => route);
  return makeModel(
    { ...PLAIN, nLayer: 2, dModel: 12, dMlp: 16, vocabSize: 7, bias: true },
    {
      "transformer.wte.weight": twoSignsEmbedding({ first: SIGN, even: NOISE }),
      "transformer.h.0.mlp.c_fc.weight": pairs.flatMap((route): Entry[] => [
        [2 * route, SIGN, 1],
        [2 * route + 1, SIGN, -1],
      ]),
      "transformer.h.0.mlp.c_proj.weight": pairs.flatMap((route): Entry[] => [
        [SUMS[route]!, 2 * route, 1],
        [SUMS[route]!, 2 * route + 1, -1],
      ]),
      // relu(sum + 1) − relu(sum − 1): 2 for sums from 1, 0 up to −1.
      "transformer.h.1.mlp.c_fc.weight": [0, 1].flatMap((n) => SUMS.map((channel): Entry => [n, channel, 1])),
      "transformer.h.1.mlp.c_fc.bias": [
        [0, 0, 1],
        [1, 0, -1],
      ],
      "transformer.h.1.mlp.c_proj.weight": [
        [OUT, 0, 1],
        [OUT, 1, -1],
      ],
      "lm_head.weight": [
        [0, OUT, 2],
        [1, OUT, -2],
      ],
      final_logits_bias: [
        [0, 0, -2],
        [1, 0, 2],
      ],
    },
  );
}

const task = twoSignsTask(["sign", { name: "noise", nuisance: true }], (sign, noise) => ({
  answer: sign ? 0 : 1,
  features: { sign, noise },
}));

const node = (site: string, ...channels: number[]) => ({ site: site as SiteName, channels });
/** So many of the pairs, and what they lead to. */
function circuit(routes: number, more: readonly number[] = []): CircuitNodes {
  const neurons = Array.from({ length: 2 * routes }, (_, n) => n);
  const sums = SUMS.slice(0, routes);
  return {
    nodes: [
      node("0.mlp.act_in", SIGN),
      node("0.mlp.post_act", ...neurons, ...more),
      node("0.mlp.resid_delta", ...sums),
      node("1.mlp.act_in", ...sums),
      node("1.mlp.post_act", 0, ...(routes > 1 ? [1] : [])),
      node("1.mlp.resid_delta", OUT),
    ],
    source: "hand",
  };
}

async function verdictOf(statement: Statement, routes: number) {
  const model = await signModel(routes);
  const claim = await checkStatement(statement, model, task);
  disposeModel(model);
  return claim;
}
const complete = (circuit: CircuitNodes): Statement => ({ kind: "complete", circuit, thresholds: DEFAULTS.complete });
const minimal = (circuit: CircuitNodes): Statement => ({ kind: "minimal", circuit });

test("a circuit that is all there is is complete: whatever is removed, the model has nothing more", async () => {
  for (const routes of [1, 3]) {
    const { verdict, figures, notes, why } = await verdictOf(complete(circuit(routes)), routes);
    expect(figures["gap"]!.estimate).toBeLessThan(1e-6);
    expect(verdict, why).toBe("supported");
    expect(notes[0]).toContain("32 random subsets");
  }
});

test("two routes of three are sufficient, but not complete: the third steps in where one of them is removed", async () => {
  const two = circuit(2);
  const sufficient = await verdictOf({ kind: "sufficient", circuit: two, thresholds: DEFAULTS.sufficient }, 3);
  expect(sufficient.figures["U"]!.estimate).toBeLessThan(1e-6);
  expect(sufficient.verdict, sufficient.why).toBe("supported");
  const { verdict, figures, why } = await verdictOf(complete(two), 3);
  expect(figures["gap"]!.low).toBeGreaterThan(0.1);
  expect(verdict).toBe("refuted");
  expect(why).toContain("routes that the circuit lacks");
});

test("the whole model is complete, which is vacuous", async () => {
  const kinds = ["attn.act_in", "attn.q", "attn.k", "attn.v", "attn.resid_delta", "mlp.act_in", "mlp.post_act"];
  const whole = [0, 1].flatMap((layer) =>
    [...kinds, "mlp.resid_delta"].map((kind) => ({ site: `${layer}.${kind}` as SiteName, channels: "all" as const })),
  );
  const { verdict } = await verdictOf(complete({ nodes: whole, source: "whole" }), 3);
  expect(verdict).toBe("vacuous");
});

test("a circuit of which every node is needed is minimal", async () => {
  const { verdict, figures, why } = await verdictOf(minimal(circuit(1)), 1);
  expect(figures["drop"]!.low).toBeGreaterThan(0.01);
  expect(verdict, why).toBe("supported");
});

test("one node too many, dead or doing what others do, and it is not: the reason names it", async () => {
  const dead = await verdictOf(minimal(circuit(1, [7])), 1);
  expect(dead.verdict).toBe("refuted");
  expect(dead.why).toContain("0.mlp.post_act.7 is one too many");
  const spare = await verdictOf(minimal(circuit(3)), 3);
  expect(spare.verdict).toBe("refuted");
});
