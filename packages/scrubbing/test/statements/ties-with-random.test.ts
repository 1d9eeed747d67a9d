import { disposeModel, type Model } from "@filigree/core";
import { describe, expect, test } from "vitest";
import { checkClaim } from "../support/check-text.ts";
import { makeModel, PLAIN, type Entry } from "../support/make-model.ts";
import { twoSignsEmbedding, twoSignsTask } from "../support/two-signs.ts";

// The sign of the last token is the answer. Neurons that do the same add it up, each a share, and a circuit takes all
// but a few of them. Those few may be weaker, so that no random circuit of the size does better.

const NEURONS = 32;
const TAKEN = 28;
const [SIGN, NOISE, OUT] = [0, 1, 2];

/** @param weaker by which share of a neuron's weight those that the circuit leaves out are weaker */
function sharedModel(weaker: number): Promise<Model> {
  const neurons = Array.from({ length: NEURONS }, (_, n) => n);
  return makeModel(
    { ...PLAIN, dModel: 7, dMlp: NEURONS, vocabSize: 7, bias: true },
    {
      "transformer.wte.weight": twoSignsEmbedding({ first: SIGN, even: NOISE }),
      "transformer.h.0.mlp.c_fc.weight": neurons.map((n): Entry => [n, SIGN, 1]),
      "transformer.h.0.mlp.c_proj.weight": neurons.map((n): Entry => [OUT, n, n < TAKEN ? 1 : 1 - weaker]),
      "lm_head.weight": [
        [0, OUT, 3 / NEURONS],
        [1, OUT, -3 / NEURONS],
      ],
      final_logits_bias: [
        [0, 0, -1.5],
        [1, 0, 1.5],
      ],
    },
  );
}

const task = twoSignsTask(["sign", { name: "noise", nuisance: true }], (sign, noise) => ({
  answer: sign ? 0 : 1,
  features: { sign, noise },
}));

async function verdictOf(claim: string, weaker: number) {
  const model = await sharedModel(weaker);
  const { verdict, why } = await checkClaim(claim, model, task);
  disposeModel(model);
  return { verdict, why };
}

const NEURONS_TAKEN = `mlp L0 neurons 0-${TAKEN - 1}`;

describe.each([`mlp L0.in + ${NEURONS_TAKEN} + mlp L0 is sufficient`, `${NEURONS_TAKEN} is necessary`])(
  "%s",
  (claim) => {
    test("a circuit that beats random ones is supported", async () => {
      const { verdict, why } = await verdictOf(claim, 0.5);
      expect(verdict, why).toBe("supported");
    });

    test("one that beats them by no more than rounding might is not: it is as good as they are", async () => {
      const { verdict, why } = await verdictOf(claim, 1e-5);
      expect(verdict).toBe("vacuous");
      expect(why).toContain("99 random circuits of the same size and site mix");
    });
  },
);
