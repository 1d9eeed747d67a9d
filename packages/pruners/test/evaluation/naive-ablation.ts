import {
  freezeParameters,
  listParameters,
  nodeSites,
  parseNodeId,
  recordSites,
  runModel,
  SparseMatrix,
  type Activation,
  type Model,
  type NodeFileEdge,
  type NodeId,
  type SiteName,
} from "@filigree/core";
import type { Example, Task } from "@filigree/tasks";
import * as tf from "@tensorflow/tfjs-core";

// Ablation in the plainest way: one example at a time, value by value; edges by rewriting weights and biases.

/** What a channel of a site shows ablated at a token. */
export type Show = (site: SiteName, channel: number, token: number) => number;

export function showMean(model: Model): Show {
  return (site, channel) => model.means.get(site)![channel]!;
}

export const showZero: Show = () => 0;

/** What another example shows at the same distance from its answer, or at its end that is nearest. */
export function showDonor(model: Model, example: Example, donor: Example): Show {
  const seen = new Map<SiteName, Activation>();
  const edit = recordSites(nodeSites(model.config), seen);
  runModel(model, { ids: Int32Array.from(donor.ids), batch: 1, seq: donor.ids.length }, { edit }).dispose();
  return (site, channel, token) => {
    const there = Math.min(Math.max(token - example.position + donor.position, 0), donor.ids.length - 1);
    const { tokens, values } = seen.get(site)!;
    return values[channel * tokens + there]!;
  };
}

/** The right answer's logit minus the other one's, with all nodes but some ablated. */
export function naiveMargin(model: Model, task: Task, nodes: readonly NodeId[], example: Example, show: Show): number {
  const kept = new Set<string>(nodes);
  const sites = new Set(nodeSites(model.config));
  const logits = runModel(
    model,
    { ids: Int32Array.from(example.ids), batch: 1, seq: example.ids.length },
    {
      edit: (site, value) => {
        if (!sites.has(site)) return value;
        const rows = value.arraySync();
        return tf.tensor2d(
          rows.map((row, c) => (kept.has(`${site}.${c}`) ? row : row.map((_, token) => show(site, c, token)))),
        );
      },
    },
  );
  const [values, tokens] = [logits.dataSync(), logits.shape[1]];
  logits.dispose();
  const foil = task.answers.find((answer) => answer !== example.answer)!;
  return values[example.answer * tokens + example.position]! - values[foil * tokens + example.position]!;
}

/** Mean two-way loss in nats of some margins. */
export function lossOf(margins: readonly number[]): number {
  return mean(margins.map((margin) => Math.log1p(Math.exp(-margin))));
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const PLACES: Readonly<Record<string, readonly [matrix: string, block: number, reads: string]>> = {
  "attn.act_in attn.q": ["attn.c_attn", 0, "attn.act_in"],
  "attn.act_in attn.k": ["attn.c_attn", 1, "attn.act_in"],
  "attn.act_in attn.v": ["attn.c_attn", 2, "attn.act_in"],
  "attn.v attn.resid_delta": ["attn.c_proj", 0, "attn.y"],
  "mlp.act_in mlp.post_act": ["mlp.c_fc", 0, "mlp.act_in"],
  "mlp.post_act mlp.resid_delta": ["mlp.c_proj", 0, "mlp.post_act"],
};

/**
 * The model with a share of some weights moved to the bias, times the mean of what they multiply (or times 0): what
 * cutting edges amounts to. Dispose its parameters.
 */
export function withoutEdges(model: Model, edges: readonly NodeFileEdge[], fill: "mean" | "zero", share = 1): Model {
  const { config } = model;
  const values = new Map(
    listParameters(config)
      .filter(({ name }) => model.parameters.has(name))
      .map(({ name }) => [name, denseOf(model, name)]),
  );
  for (const { from, to } of edges) {
    const [source, target] = [parseNodeId(from), parseNodeId(to)];
    const [layer, ...kind] = source.site.split(".");
    const [matrix, block, reads] = PLACES[`${kind.join(".")} ${target.site.split(".").slice(1).join(".")}`]!;
    const name = `transformer.h.${layer}.${matrix}`;
    const [weight, bias] = [values.get(`${name}.weight`)!, values.get(`${name}.bias`)!];
    const row = block * config.nHead * config.dHead + target.channel;
    const place = row * (weight.length / bias.length) + source.channel;
    const moved = share * weight[place]!;
    weight[place]! -= moved;
    if (fill === "mean") bias[row]! += moved * model.means.get(`${layer}.${reads}` as SiteName)![source.channel]!;
  }
  return { ...model, parameters: freezeParameters(config, values) };
}

/** A parameter's values, whole. */
export function denseOf(model: Model, name: string): Float32Array {
  const stored = model.parameters.matrix(name);
  const dense = stored instanceof SparseMatrix ? stored.toDense() : stored;
  const values = dense.dataSync<"float32">().slice();
  if (dense !== stored) dense.dispose();
  return values;
}
