import {
  disposeModel,
  SUBLAYER_LOCTYPES,
  randomStream,
  runModel,
  seed,
  type Model,
  type ModelConfig,
} from "@filigree/core";
import type { Task } from "@filigree/tasks";
import fc from "fast-check";
import { makeTask, type ExampleDraft } from "./make-task.ts";
import { randomModel } from "./make-model.ts";

/** Models of every kind, at their smallest. */
export const anyConfig: fc.Arbitrary<ModelConfig> = fc.record({
  nLayer: fc.constantFrom(1, 2),
  nHead: fc.constantFrom(1, 2, 3),
  dHead: fc.constantFrom(2, 3),
  dModel: fc.constantFrom(6, 7),
  dMlp: fc.constantFrom(4, 5),
  vocabSize: fc.constant(6),
  outSize: fc.constant(6),
  blockSize: fc.constant(6),
  bias: fc.boolean(),
  norm: fc.constantFrom("rms", "none"),
  lnBias: fc.constant(true),
  causal: fc.boolean(),
  activation: fc.constantFrom("gelu", "relu"),
  residualActivation: fc.constant("identity"),
  afrac: fc.constantFrom(null, 0.5),
  afracLoctypes: fc.constant(SUBLAYER_LOCTYPES),
  sink: fc.boolean(),
  bigram: fc.constant(false),
  tiedUnembed: fc.constant(false),
  positions: fc.constantFrom("added", "none"),
  dPos: fc.constant(0),
});

const EXAMPLES = 24;

/**
 * A random model with a task that it is perfect at: the answers are its own, moved so that both occur equally often.
 * The feature `said` is the answer, `noise` is nothing; lengths and positions vary.
 */
export async function randomCase(config: ModelConfig, number: number): Promise<{ model: Model; task: Task }> {
  const random = randomStream(seed(number), "test/random case");
  const prompts = new Map<string, number[]>();
  while (prompts.size < 8 * EXAMPLES) {
    const ids = Array.from({ length: 4 + random.integer(2) }, () => random.integer(6));
    prompts.set(ids.join(), ids);
  }
  const unbiased = (shift: number): Promise<Model> =>
    randomModel(config, number, 0.6, {
      final_logits_bias: [
        [0, 0, 0],
        [1, 0, -shift],
      ],
    });
  const first = await unbiased(0);
  const scored = [...prompts.values()]
    .map((ids) => ({ ids, lean: leanOf(first, ids) }))
    .sort((a, b) => a.lean - b.lean);
  disposeModel(first);
  const middle = scored[scored.length / 2]!.lean;
  // The prompts that the model is surest of, so that rounding never decides an answer.
  const sure = [...scored.slice(0, EXAMPLES / 2), ...scored.slice(-EXAMPLES / 2)];
  const drafts = sure.map(({ ids, lean }): ExampleDraft => ({
    ids,
    answer: lean > middle ? 1 : 0,
    features: { said: lean > middle, noise: random.integer(3) },
    positions: { spot: 1 + random.integer(2) },
  }));
  const task = makeTask([0, 1], ["said", { name: "noise", nuisance: true }], drafts);
  return { model: await unbiased(middle), task };
}

/** The second output against the first, at the last token. */
function leanOf(model: Model, ids: readonly number[]): number {
  const readout = Int32Array.of(ids.length - 1);
  const logits = runModel(model, { ids: Int32Array.from(ids), batch: 1, seq: ids.length }, { readout });
  const [zero, one] = logits.dataSync<"float32">();
  logits.dispose();
  return one! - zero!;
}
