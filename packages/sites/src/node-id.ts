import { InputError } from "./input-error.ts";
import { siteName, type SiteName } from "./site-name.ts";

declare const nodeBrand: unique symbol;

/** One channel of one site: `2.mlp.post_act.407`. Channels of q, k, v and y are flat over heads. */
export type NodeId = string & { readonly [nodeBrand]: "NodeId" };

/** @throws InputError when the channel is not a whole number from 0, or the site has no channels. */
export function nodeId(site: SiteName, channel: number): NodeId {
  if (!Number.isSafeInteger(channel) || channel < 0) {
    throw new InputError({ what: `${channel} is not a channel of ${site}`, expected: "a whole number from 0" });
  }
  const id = `${site}.${channel}`;
  refusePattern(id, site);
  return id as NodeId;
}

/** Reads a node id. @throws InputError for anything that is not a site, a dot and a channel. */
export function parseNodeId(text: string): { site: SiteName; channel: number } {
  const match = /^(.+)\.(0|[1-9]\d{0,14})$/.exec(text);
  if (match === null) {
    throw new InputError({
      what: `"${text}" is not a node`,
      expected: `a site, a dot and a flat channel, e.g. "2.mlp.post_act.407"`,
    });
  }
  const site = siteName(match[1]!);
  refusePattern(text, site);
  return { site, channel: Number(match[2]) };
}

function refusePattern(id: string, site: SiteName): void {
  if (site.endsWith(".attn.pattern")) {
    throw new InputError({
      what: `"${id}" is not a node: an attention pattern is [head, query, key] and has no channels`,
      hint: "name a channel of attn.q, attn.k or attn.v",
    });
  }
}
