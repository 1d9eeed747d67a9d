import { SUBLAYER_LOCTYPES, randomStream, seed, type Model } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { makeModel, PLAIN, type Entry } from "./make-model.ts";
import { makeTask, sequences, type ExampleDraft } from "./make-task.ts";

// The published architecture (RMSNorm, AbsTopK at its eight places, sinks, several heads) with one circuit planted in
// it: head 2 of layer 1 copies the type of the opener to the last token. All other heads and neurons write noise to
// channels that nothing reads.

const D_MODEL = 24;
/** Residual channels. Fillers have one each from `filler` on; noise goes to `noise` and above. */
const CHANNEL = { double: 0, single: 1, isQuote: 2, one: 3, outDouble: 4, outSingle: 5, filler: 6, noise: 12 };
export const COPIER = { layer: 1, head: 2, heads: 4 };
const D_HEAD = 4;
const FILLERS = [2, 3, 4];

/** @param alive whether the copying head writes anything @param noise seed of all that is not planted */
export function plantedCopier({ alive = true, noise = 11 } = {}): Promise<Model> {
  const attention = COPIER.heads * D_HEAD;
  const row = COPIER.head * D_HEAD;
  const random = randomStream(seed(noise), "test/planted noise");
  const embedding: Entry[] = [
    [0, CHANNEL.double, 1],
    [1, CHANNEL.single, 1],
    [0, CHANNEL.isQuote, 1],
    [1, CHANNEL.isQuote, 1],
    ...[0, 1, ...FILLERS].map((id): Entry => [id, CHANNEL.one, 1]),
    ...FILLERS.map((id): Entry => [id, CHANNEL.filler + id - 2, 1]),
  ];
  const planted: Record<string, readonly Entry[]> = {
    "transformer.wte.weight": embedding,
    "transformer.h.1.attn.c_attn.weight": [
      [row, CHANNEL.one, 6],
      [attention + row, CHANNEL.isQuote, 3],
      [2 * attention + row, CHANNEL.double, 3],
      [2 * attention + row + 1, CHANNEL.single, 3],
    ],
    "transformer.h.1.attn.c_proj.weight": alive
      ? [
          [CHANNEL.outDouble, row, 1],
          [CHANNEL.outSingle, row + 1, 1],
        ]
      : [],
    "lm_head.weight": [
      [0, CHANNEL.outDouble, 1],
      [1, CHANNEL.outSingle, 1],
    ],
  };
  const config = {
    ...PLAIN,
    nLayer: 2,
    nHead: COPIER.heads,
    dHead: D_HEAD,
    dModel: D_MODEL,
    dMlp: 8,
    vocabSize: 5,
    norm: "rms" as const,
    activation: "gelu" as const,
    afrac: 0.5,
    afracLoctypes: SUBLAYER_LOCTYPES,
    sink: true,
  };
  return makeModel(config, planted, (name, out) => {
    const reads = name.endsWith("c_attn.weight") && !(name.includes("h.1") && ofCopier(out % attention));
    const writes = name.endsWith("c_proj.weight") && out >= CHANNEL.noise;
    return reads || writes || name.endsWith("c_fc.weight") ? 0.15 * random.normal() : 0;
  });
}

function ofCopier(channel: number): boolean {
  return Math.floor(channel / D_HEAD) === COPIER.head;
}

/** One quote at tokens 0 to 3 of six, the rest fillers. */
export function copierTask(): Task {
  const drafts: ExampleDraft[] = [];
  for (const opener of [0, 1, 3]) {
    for (const rest of sequences(FILLERS, 4).filter((_, i) => i % 8 === opener)) {
      for (const quote of [0, 1]) {
        const ids = [...rest.slice(0, opener), quote, ...rest.slice(opener), FILLERS[opener % 3]!];
        drafts.push({
          ids,
          answer: quote,
          features: { "quote type": quote === 0 ? "double" : "single", "last filler": ids[4]! },
          positions: { opener, after: opener + 1 },
          pair: drafts.length + (quote === 0 ? 1 : -1),
        });
      }
    }
  }
  return makeTask([0, 1], ["quote type", "last filler"], drafts);
}
