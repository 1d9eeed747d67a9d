import * as tf from "@tensorflow/tfjs-core";
import { gateChannels } from "@filigree/kernels";
import { InputError, NODE_SITE_KINDS, parseNodeId, siteAt, type NodeId, type SiteName } from "@filigree/sites";
import { siteWidth, type ModelConfig } from "./config.ts";
import type { Edit } from "./forward.ts";

/** For each site that is ablated: 1 where a channel stays, 0 where it shows its fill. */
export type NodeMask = ReadonlyMap<SiteName, Float32Array>;

/** The sites whose channels are nodes: eight a layer. */
export function nodeSites(config: ModelConfig): SiteName[] {
  return Array.from({ length: config.nLayer }, (_, i) => NODE_SITE_KINDS.map((kind) => siteAt(i, kind))).flat();
}

/** The mask that keeps exactly the given nodes of the model. @throws InputError for a node that it does not have. */
export function maskOfNodes(config: ModelConfig, nodes: Iterable<NodeId>): NodeMask {
  const mask = new Map(nodeSites(config).map((site) => [site, new Float32Array(siteWidth(config, site))]));
  for (const node of nodes) {
    const { site, channel } = parseNodeId(node);
    const gates = mask.get(site);
    if (!gates || channel >= gates.length) {
      const expected = gates
        ? `channels 0 to ${gates.length - 1} of ${site}`
        : `a node of layers 0 to ${config.nLayer - 1}`;
      throw new InputError({ what: `the model has no node "${node}"`, expected });
    }
    gates[channel] = 1;
  }
  return mask;
}

/** What ablated channels show: the corpus mean as a rule, zeros for zero ablation. */
export type Fills = ReadonlyMap<SiteName, Float32Array>;

/** An edit that owns tensors; free it after its last run. */
export interface OwnedEdit {
  readonly edit: Edit;
  dispose(): void;
}

/**
 * Ablates every channel whose gate is 0 at every token: x ← gate · x + (1 − gate) · fill (Gao et al. 2025, §2.2).
 *
 * @throws InputError where a masked site has no fill.
 */
export function ablate(mask: NodeMask, fills: Fills): OwnedEdit {
  const ablated = [...mask].filter(([, gates]) => gates.some((gate) => gate !== 1));
  const values = new Map(ablated.map(([site, gates]) => [site, { gates, fill: fillOf(fills, site) }]));
  const tensors = new Map(
    [...values].map(([site, { gates, fill }]) => {
      return [site, { gate: tf.keep(tf.tensor1d(gates)), fill: tf.keep(tf.tensor1d(fill)) }];
    }),
  );
  return {
    edit: (site, value) => {
      const here = tensors.get(site);
      return here ? gateChannels(value, here.gate, here.fill) : value;
    },
    dispose: () => {
      for (const { gate, fill } of tensors.values()) tf.dispose([gate, fill]);
    },
  };
}

/** What ablated channels of a site show, [channels]. @throws InputError where there is nothing to show. */
export function fillOf(fills: Fills, site: SiteName): Float32Array {
  const fill = fills.get(site);
  if (fill) return fill;
  throw new InputError({
    what: `there is no mean of the site "${site}" to ablate with`,
    hint: "`filigree train` stores the means of a corpus with its checkpoints",
  });
}
