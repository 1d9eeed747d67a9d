import { siteAt, siteName, type Loctype, type SiteName } from "@filigree/core";
import type { SitePart } from "@filigree/hypothesis";
import type { Places } from "./places.ts";
import { both, either, flags, some, type Channels, type NonzeroWeights } from "./nonzero-weights.ts";

/** A value of the forward pass with flags in the place of numbers. */
interface Flagged {
  /** [channels]: may it differ from zero, on whatever tokens? A channel that is always zero passes nothing on. */
  readonly live: Channels;
  /** [places][channels]: does what is asked about reach it? */
  readonly reached: readonly Channels[];
}

/** What is followed through the model. */
export interface Source {
  /** Parts that may show anything; `tokens`: what the prompt says. */
  readonly from: readonly SitePart[] | "tokens";
  /** Parts that stay as they are. */
  readonly held: readonly SitePart[];
}

/**
 * Where something may reach, by one sweep over the model: for each site, [places][channels] of flags. A flag that is 0
 * is a proof.
 *
 * What connects channels: nonzero weights; a norm and AbsTopK, every channel of their vector with every live one;
 * attention, queries and keys with the values that they mix, in one head, from token to token as far as causality lets.
 * Biases and sinks carry nothing. A table of bigrams is read from the prompt itself, which no site changes.
 */
export function influence(weights: NonzeroWeights, places: Places, source: Source): ReadonlyMap<SiteName, Channels[]> {
  const { config } = weights;
  const { dModel, dPos, nHead, dHead } = config;
  const attention = nHead * dHead;
  const found = new Map<SiteName, Channels[]>();
  const nothing = (width: number) => Array.from({ length: places.count }, () => new Uint8Array(width));
  const everywhere = (channels: Channels) => Array.from({ length: places.count }, () => channels.slice());

  /** What happens at a site: the source enters, places that may be one token share it, and what is held stays. */
  const visit = (site: SiteName, value: Flagged): Flagged => {
    const width = value.live.length;
    let { live } = value;
    const reached = value.reached.map((channels) => channels.slice());
    const paint = (part: SitePart, flag: 0 | 1) => {
      const own = flags(width, part.channels);
      if (flag === 1) live = either(live, own);
      for (const place of places.of(part.position)) {
        own.forEach((isOwn, c) => {
          if (isOwn === 1) reached[place]![c] = flag;
        });
      }
    };
    if (source.from !== "tokens") for (const part of source.from) if (part.site === site) paint(part, 1);
    const before = reached.map((channels) => channels.slice());
    for (let a = 0; a < places.count; a++) {
      for (let b = 0; b < places.count; b++) {
        if (a !== b && places.meet(a, b)) reached[a] = either(reached[a]!, before[b]!);
      }
    }
    for (const part of source.held) if (part.site === site) paint(part, 0);
    found.set(site, reached);
    return { live, reached };
  };
  const norm = ({ live, reached }: Flagged, name: string): Flagged => {
    if (config.norm === "none") return { live, reached };
    const gain = weights.nonzero(`${name}.weight`, live.length);
    // A layer norm takes the mean from each channel, so that none stays zero.
    const after = config.norm === "rms" ? both(live, gain) : either(gain, weights.nonzero(`${name}.bias`, live.length));
    return { live: after, reached: reached.map((channels) => (some(channels) ? after : new Uint8Array(live.length))) };
  };
  const select = ({ live, reached }: Flagged, place: Loctype): Flagged => {
    const acts = config.afrac !== null && config.afrac < 1 && config.afracLoctypes.includes(place);
    return acts ? { live, reached: reached.map((channels) => (some(channels) ? live : channels)) } : { live, reached };
  };
  const project = ({ live, reached }: Flagged, name: string): Flagged => {
    const through = (channels: Channels) => weights.reached(`${name}.weight`, channels);
    const out = through(live);
    return {
      live: either(out, weights.nonzero(`${name}.bias`, out.length)),
      reached: reached.map((channels) => (some(channels) ? through(channels) : new Uint8Array(out.length))),
    };
  };
  const add = (a: Flagged, b: Flagged): Flagged => ({
    live: either(a.live, b.live),
    reached: a.reached.map((channels, place) => either(channels, b.reached[place]!)),
  });
  const slice = ({ live, reached }: Flagged, start: number, end: number): Flagged => ({
    live: live.slice(start, end),
    reached: reached.map((channels) => channels.slice(start, end)),
  });
  const position = positionFlags(weights);
  const beside = (value: Flagged, name: string): Flagged => {
    if (dPos === 0) return value;
    const own = norm(
      { live: position.live, reached: source.from === "tokens" ? everywhere(position.live) : nothing(dPos) },
      name,
    );
    return {
      live: concat(value.live, own.live),
      reached: value.reached.map((channels, place) => concat(channels, own.reached[place]!)),
    };
  };
  /** Does where a head looks change? [places][heads]. To the prompt it is open: a later row sees more keys. */
  const looks = (q: Flagged, k: Flagged): Channels[] =>
    Array.from({ length: places.count }, (_, to) => {
      const heads = new Uint8Array(nHead).fill(source.from === "tokens" ? 1 : 0);
      for (let c = 0; c < attention; c++) {
        const byKey = k.reached.some((channels, from) => channels[c] === 1 && places.flows(from, to));
        // A product with what is always zero stays zero.
        if ((q.reached[to]![c] === 1 && k.live[c] === 1) || (byKey && q.live[c] === 1))
          heads[Math.floor(c / dHead)] = 1;
      }
      return heads;
    });

  const table = weights.table("transformer.wte.weight");
  const added = dPos === 0 ? position : { live: new Uint8Array(dModel), varying: new Uint8Array(dModel) };
  const varying = either(table.varying, added.varying);
  let x = visit(siteName("embed"), {
    live: either(table.live, added.live),
    reached: source.from === "tokens" ? everywhere(varying) : nothing(dModel),
  });
  for (let i = 0; i < config.nLayer; i++) {
    const h = `transformer.h.${i}`;
    x = visit(siteAt(i, "resid_in"), x);
    const attentionIn = visit(siteAt(i, "attn.act_in"), select(beside(norm(x, `${h}.ln_1`), `${h}.ln_p1`), "attn_in"));
    const qkv = project(attentionIn, `${h}.attn.c_attn`);
    const third = (n: number, kind: "q" | "k" | "v") =>
      visit(siteAt(i, `attn.${kind}`), select(slice(qkv, n * attention, (n + 1) * attention), `attn_${kind}`));
    const [q, k, v] = [third(0, "q"), third(1, "k"), third(2, "v")];
    const pattern = visit(siteAt(i, "attn.pattern"), { live: new Uint8Array(nHead).fill(1), reached: looks(q, k) });
    const mixed = Array.from({ length: places.count }, (_, to) =>
      v.live.map((live, c) => {
        const looked = pattern.reached[to]![Math.floor(c / dHead)] === 1;
        const moved = v.reached.some((channels, from) => channels[c] === 1 && places.flows(from, to));
        return live === 1 && (looked || moved) ? 1 : 0;
      }),
    );
    const y = visit(siteAt(i, "attn.y"), { live: v.live, reached: mixed });
    const attentionOut = visit(siteAt(i, "attn.resid_delta"), select(project(y, `${h}.attn.c_proj`), "attn_out"));
    x = visit(siteAt(i, "resid_mid"), select(add(x, attentionOut), "resid_post_attn"));
    const mlpIn = visit(siteAt(i, "mlp.act_in"), select(beside(norm(x, `${h}.ln_2`), `${h}.ln_p2`), "mlp_in"));
    const neurons = visit(siteAt(i, "mlp.post_act"), select(project(mlpIn, `${h}.mlp.c_fc`), "mlp_neuron"));
    const mlpOut = visit(siteAt(i, "mlp.resid_delta"), select(project(neurons, `${h}.mlp.c_proj`), "mlp_out"));
    x = select(add(x, mlpOut), "resid_post_mlp");
  }
  x = visit(siteName("final_resid"), x);
  const last = norm(x, "transformer.ln_f");
  const { unembedding } = weights;
  visit(siteName("logits"), {
    live: new Uint8Array(config.outSize).fill(1),
    reached: last.reached.map((channels) =>
      source.from === "tokens" && config.bigram
        ? new Uint8Array(config.outSize).fill(1)
        : weights.reached(unembedding, channels),
    ),
  });
  return found;
}

/** Channels of the vectors that stand for positions: which are ever nonzero, and which differ. */
function positionFlags(weights: NonzeroWeights): { live: Channels; varying: Channels } {
  const { positions, dPos, dModel } = weights.config;
  const width = dPos > 0 ? dPos : dModel;
  if (positions === "none") return { live: new Uint8Array(width), varying: new Uint8Array(width) };
  // Waves that are computed are not in the file.
  if (!weights.has("transformer.wpe.weight")) {
    return { live: new Uint8Array(width).fill(1), varying: new Uint8Array(width).fill(1) };
  }
  return weights.table("transformer.wpe.weight");
}

function concat(a: Channels, b: Channels): Channels {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
