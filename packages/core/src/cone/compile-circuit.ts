/**
 * A circuit alone, without the rest of the model.
 *
 * In a circuit every channel that is no node shows its mean at every token. The pass of `forward` with `ablate` computes
 * them all the same, and then overwrites them. Here only the circuit's _cone_ is computed: what the logits depend on. The
 * result is the same but for rounding, and this is why.
 *
 * 1. The residual stream is the token's embedding, plus constants, plus what the circuit's nodes write. Few channels are
 *    written or read by nodes; they are followed token by token. All others are known per kind of token, that is, per
 *    token id (residual-stream.ts).
 * 2. A norm needs the sum of squares over all channels: the known part per kind, plus the few (sublayer-read.ts).
 * 3. AbsTopK compares all channels of a vector, nodes or not, and a node that is not selected is 0. RMSNorm has
 *    multiplied them by one positive number, which changes no comparison. So all but the followed channels stand in a
 *    fixed order, and if D channels are followed, the D of that order around rank k decide exactly whether a followed one
 *    is selected, ties to the lower channel included (selection.ts).
 * 4. W · x + b: only rows fed by nodes vary. The others are constants, and with them the order at q, k, v, the neurons
 *    and the sublayer's output (linear-rows.ts, selected-rows.ts).
 * 5. Attention without nodes averages constants: its output depends on nothing but the number of visible keys, through
 *    the sink. Of heads with nodes only the channels with nodes are computed (attention-cone.ts).
 * 6. From the end of the stream to the logits everything is computed as in the pass, at the columns that are read.
 * 7. A sublayer without nodes among its outputs writes constants whatever goes on inside it. Elsewhere the nodes that
 *    matter are found backwards: where AbsTopK selects, everything that varies may displace a node and therefore counts.
 *
 * What rounds differently: sums are added in another order, so that logits agree to about 1e-6 of their scale, as those
 * of two backends do. Two magnitudes that differ by less than that may be ordered differently, as between two backends.
 * Where equal numbers come about in the same way, as zeros, repeated rows and equal embeddings do, they tie here too.
 *
 * Where the argument fails, the whole pass is run, and `wholePass` says why. The one place that decides is `obstacle`.
 */
import type * as tf from "@tensorflow/tfjs-core";
import { ablate, nodeSites, type Fills, type NodeMask } from "../ablation.ts";
import { selectedChannels, type Loctype, type ModelConfig } from "../config.ts";
import type { TokenBatch } from "../forward.ts";
import type { Model } from "../model.ts";
import { countNodes } from "./circuit-nodes.ts";
import { Cone } from "./cone.ts";
import { ConeMemory } from "./cone-memory.ts";
import { CutWeights, type Cuts } from "./cut-weights.ts";
import { HostWeights } from "./host-weights.ts";
import { WholePass } from "./whole-pass.ts";

/** A circuit that is ready to run. It owns no tensors. */
export interface CompiledCircuit {
  /** Why the whole pass is run; undefined where only the cone is. */
  readonly wholePass: string | undefined;
  /**
   * The logits [outputs, readout] of a batch with everything outside the circuit ablated; the caller disposes them.
   *
   * @param readout which token columns' logits are wanted; all, where left out
   * @throws RangeError as `forward` does.
   */
  logits(tokens: TokenBatch, readout?: Int32Array): tf.Tensor2D;
}

/**
 * Reads a model's weights once and compiles circuits of it: `circuitCompiler(model)(mask)`. The masks are those of
 * `ablate`, and so are the fills: the model's means, where left out. Single edges may be cut too. The model must outlive
 * what was compiled. Who asks for the same `TokenBatch` again and again gives the same object: what all circuits have in
 * common is then computed once. What fills hold must not change meanwhile.
 *
 * The function that is returned throws an InputError where a masked site has no fill.
 */
export function circuitCompiler(model: Model): (mask: NodeMask, fills?: Fills, cuts?: Cuts) => CompiledCircuit {
  const { config, parameters } = model;
  const whole = new HostWeights(config, parameters);
  const wholePass = new WholePass(model);
  const memory = new ConeMemory();
  return (mask, fills = model.means, cuts = new Map()) => {
    const cut = cuts.size > 0 ? new CutWeights(whole, cuts) : undefined;
    const runWhole = (because: string): CompiledCircuit => {
      ablate(mask, fills).dispose(); // throws where a fill is missing
      const ablated = { mask: copied(mask), fills, cuts: copiedCuts(cuts), cut };
      return { wholePass: because, logits: (tokens, readout) => wholePass.logits(ablated, tokens, readout) };
    };
    const because = obstacle(config, mask);
    if (because !== undefined) return runWhole(because);
    const weights = cut ?? whole;
    // Cuts make other weights: what was remembered does not hold for them.
    const own = cut ? new ConeMemory() : memory;
    const cone = isEvidentlyLarge(config, mask)
      ? undefined
      : new Cone(config, parameters, weights, { mask, fills }, own);
    if (!cone || isLarge(config, cone)) return runWhole("the circuit is too large a part of the model");
    return { wholePass: undefined, logits: (tokens, readout) => cone.logits(tokens, readout) };
  };
}

/** Why the cone of a circuit cannot be told from the rest of the model. */
function obstacle(config: ModelConfig, mask: NodeMask): string | undefined {
  const { dModel, dPos } = config;
  const selects = (place: Loctype, width: number) => selectedChannels(config, place, width) < width;
  if (selects("resid_post_attn", dModel) || selects("resid_post_mlp", dModel)) {
    return "AbsTopK acts on the residual stream, so that the circuit's writes switch any channel of it on and off";
  }
  if (config.norm === "layer" && (selects("attn_in", dModel + dPos) || selects("mlp_in", dModel + dPos))) {
    return "layer norm shifts all channels by a mean that the circuit moves, before AbsTopK compares them";
  }
  const sites = new Set(nodeSites(config));
  for (const [site, gates] of mask) {
    if (!sites.has(site)) return `the mask ablates ${site}, whose channels are no nodes`;
    if (gates.some((gate) => gate !== 0 && gate !== 1)) return `a gate of ${site} is neither open nor shut`;
  }
  return undefined;
}

/** Comparisons per token and node of the model above which the wasm kernels do the whole pass in less time (measured). */
const COSTLY = 2;
/** So many comparisons per token are cheap in a model of any size. */
const CHEAP = 10_000;

/** So many nodes are worth a closer look in a model of any size; of a large one, a twentieth of all nodes. */
const FEW = 500;

function isLarge(config: ModelConfig, { cost }: Cone): boolean {
  return cost > Math.max(CHEAP, COSTLY * countNodes(config, new Map()).all);
}

/** Spares the search for a pruned circuit, which begins with whole models, to compile them. */
function isEvidentlyLarge(config: ModelConfig, mask: NodeMask): boolean {
  const { all, kept } = countNodes(config, mask);
  return kept > Math.max(FEW, all / 20);
}

/** What is remembered of a circuit must not change when the caller goes on with its mask. */
function copied(mask: NodeMask): NodeMask {
  return new Map([...mask].map(([site, gates]) => [site, gates.slice()]));
}

function copiedCuts(cuts: Cuts): Cuts {
  return new Map([...cuts].map(([name, { kept, fill }]) => [name, { kept: Float32Array.from(kept), fill }]));
}
