import { parseSite, siteAt, type NodeMask } from "@filigree/core";
import type { Claim } from "@filigree/hypothesis";
import type { Dataset } from "./data/dataset.ts";
import type { TraceLine } from "./document.ts";
import type { CircuitOutcome } from "./engine/circuit-swap.ts";
import type { ModelEdge } from "./engine/model-edges.ts";
import type { SwapOutcome } from "./engine/swaps.ts";

/** The trace of a swap of single sites and positions. */
export function swapLine(claim: Claim, rule: string, outcome: SwapOutcome, { examples }: Dataset): TraceLine {
  const name = (index: number) => examples[index]!.taskIndex;
  const { swap, before, after, delta2, kl } = outcome;
  return {
    claim: claim.name,
    rule,
    reference: name(swap.reference),
    donors: [swap.donor, ...(swap.others ?? [])].map(name),
    writes: swap.writes.map(({ site, channels, position, values, from, receiver }) => ({
      site,
      channels: channels ?? ("all" as const),
      position,
      from: from === "value" ? { value: [...values] } : { donor: name(from.donor), position: from.position },
      ...(receiver !== undefined && {
        receiver: { site: siteAt(parseSite(site).layer!, "attn.y"), position: receiver },
      }),
    })),
    ...(claim.normsHeld && { normsHeld: true }),
    before: [...before],
    after: [...after],
    delta2,
    kl,
  };
}

/** The trace of a swap of whole channels at every token, those where `replaced` has 1, and of what cut edges carry. */
export function circuitLine(
  claim: Claim,
  rule: string,
  outcome: CircuitOutcome,
  replaced: NodeMask,
  cut: readonly ModelEdge[],
  { examples }: Dataset,
): TraceLine {
  const donor = examples[outcome.donor]!.taskIndex;
  const writes = [...replaced].flatMap(([site, gates]) => {
    const channels = [...gates.keys()].filter((c) => gates[c] === 1);
    if (channels.length === 0) return [];
    const all = channels.length === gates.length ? ("all" as const) : channels;
    return [{ site, channels: all, position: "all" as const, from: { donor, position: "all" as const } }];
  });
  return {
    claim: claim.name,
    rule,
    reference: examples[outcome.reference]!.taskIndex,
    donors: [donor],
    writes,
    ...(cut.length > 0 && { cuts: { edges: cut.map(({ from, to }) => [from, to] as const), from: { donor } } }),
    ...(claim.normsHeld && { normsHeld: true }),
    before: [...outcome.before],
    after: [...outcome.after],
    delta2: outcome.delta2,
    kl: outcome.kl,
  };
}
