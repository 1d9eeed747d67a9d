import {
  nodeSites,
  parseNodeId,
  recordSites,
  runModel,
  type Activation,
  type Model,
  type NodeId,
  type SiteName,
} from "@filigree/core";
import * as tf from "@tensorflow/tfjs-core";
import type { Example, Task } from "@filigree/tasks";

/** Logits of the two answers of one example, right one first, with everything outside the nodes at its mean: value by value. */
export function naiveLogits(model: Model, task: Task, nodes: readonly NodeId[], example: Example): [number, number] {
  const kept = new Set<string>(nodes);
  const seen = new Map<SiteName, Activation>();
  const logits = "logits" as SiteName;
  const record = recordSites([logits], seen);
  const result = runModel(
    model,
    { ids: Int32Array.from(example.ids), batch: 1, seq: example.ids.length },
    {
      edit: (site, value) => {
        const means = nodeSites(model.config).includes(site) ? model.means.get(site) : undefined;
        if (!means) return record(site, value);
        const rows = value.arraySync();
        return tf.tensor2d(rows.map((row, c) => (kept.has(`${site}.${c}`) ? row : row.map(() => means[c]!))));
      },
    },
  );
  result.dispose();
  const { values, tokens } = seen.get(logits)!;
  const foil = task.answers.find((answer) => answer !== example.answer)!;
  return [values[example.answer * tokens + example.position]!, values[foil * tokens + example.position]!];
}

/** Mean two-way loss in nats. */
export function naiveLoss(logits: readonly (readonly [number, number])[]): number {
  return logits.reduce((sum, [right, wrong]) => sum + Math.log1p(Math.exp(wrong - right)), 0) / logits.length;
}

/** One weight of the model, from the parameter's dense matrix. */
export function weightBetween(model: Model, from: NodeId, to: NodeId): number {
  const [source, target] = [parseNodeId(from), parseNodeId(to)];
  const [layer, ...kind] = target.site.split(".");
  const joined = `${source.site.split(".").slice(1).join(".")} → ${kind.join(".")}`;
  const a = model.config.nHead * model.config.dHead;
  const table: Record<string, [matrix: string, firstRow: number]> = {
    "attn.act_in → attn.q": ["attn.c_attn", 0],
    "attn.act_in → attn.k": ["attn.c_attn", a],
    "attn.act_in → attn.v": ["attn.c_attn", 2 * a],
    "attn.v → attn.resid_delta": ["attn.c_proj", 0],
    "mlp.act_in → mlp.post_act": ["mlp.c_fc", 0],
    "mlp.post_act → mlp.resid_delta": ["mlp.c_proj", 0],
  };
  const found = table[joined];
  if (!found || source.site.split(".")[0] !== layer) return 0;
  const dense = model.parameters.sparse(`transformer.h.${layer}.${found[0]}.weight`).toDense();
  const weight = dense.arraySync()[found[1] + target.channel]![source.channel]!;
  dense.dispose();
  return weight;
}
