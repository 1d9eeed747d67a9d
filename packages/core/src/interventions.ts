import * as tf from "@tensorflow/tfjs-core";
import { overwrite, replaceRows } from "@filigree/kernels";
import type { SiteName } from "@filigree/sites";
import type { NodeMask } from "./ablation.ts";
import type { Edit } from "./forward.ts";

/** Puts values into one token's column of a site. */
export interface Write {
  /** Index into batch · seq. */
  readonly token: number;
  /** Which channels; all, where left out. */
  readonly channels?: readonly number[];
  /** One value per channel written. */
  readonly values: Float32Array;
}

/** An activation taken out of a run: [channels, tokens], channels-major. */
export interface Activation {
  readonly channels: number;
  readonly tokens: number;
  readonly values: Float32Array;
}

/** Edits one after the other: each sees what the one before it returned. */
export function chainEdits(...edits: readonly Edit[]): Edit {
  return (site, value) => edits.reduce((current, edit) => edit(site, current), value);
}

/** Copies the values of sites into `into` as the pass meets them. Put it last in a chain to record interventions too. */
export function recordSites(sites: Iterable<SiteName>, into: Map<SiteName, Activation>): Edit {
  const wanted = new Set(sites);
  return (site, value) => {
    if (wanted.has(site)) {
      const [channels, tokens] = value.shape;
      into.set(site, { channels, tokens, values: value.dataSync<"float32">().slice() });
    }
    return value;
  };
}

/**
 * Overwrites parts of sites; what is not named stays to the bit.
 *
 * @throws RangeError in the run, where a site has no such token or channel, or values do not match the channels.
 */
export function writeSites(writes: ReadonlyMap<SiteName, readonly Write[]>): Edit {
  return (site, value) => {
    const here = writes.get(site);
    if (!here || here.length === 0) return value;
    const [channels, tokens] = value.shape;
    const size = here.reduce((n, { values }) => n + values.length, 0);
    const indices = new Int32Array(size);
    const written = new Float32Array(size);
    let at = 0;
    for (const { token, channels: some, values } of here) {
      const count = some?.length ?? channels;
      if (!(token >= 0 && token < tokens) || values.length !== count || some?.some((c) => !(c >= 0 && c < channels))) {
        throw new RangeError(
          `A write to ${site} of ${values.length} values at token ${token}, channels ${some?.join() ?? "all"}: ` +
            `the site is [${channels} channels, ${tokens} tokens].`,
        );
      }
      for (let j = 0; j < count; j++) indices[at + j] = (some?.[j] ?? j) * tokens + token;
      written.set(values, at);
      at += count;
    }
    return overwrite(value, indices, written);
  };
}

/**
 * One token's column of an activation, or some channels of it.
 *
 * @throws RangeError for a token or a channel that it does not have.
 */
export function readColumn(activation: Activation, token: number, channels?: readonly number[]): Float32Array {
  const { tokens, values } = activation;
  if (!(token >= 0 && token < tokens) || channels?.some((c) => !(c >= 0 && c < activation.channels))) {
    const wanted = `token ${token}, channels ${channels?.join() ?? "all"}`;
    throw new RangeError(`No ${wanted} in an activation [${activation.channels} channels, ${tokens} tokens].`);
  }
  if (channels) return Float32Array.from(channels, (c) => values[c * tokens + token]!);
  return Float32Array.from({ length: activation.channels }, (_, c) => values[c * tokens + token]!);
}

/**
 * Replaces whole channels, at every token, by those of another run of the same shape: where the mask has 0. Sites that
 * the mask does not name stay.
 *
 * @throws RangeError in the run, where the donor's site or the mask is of another size.
 */
export function replaceChannels(keep: NodeMask, donor: ReadonlyMap<SiteName, Activation>): Edit {
  return (site, value) => {
    const gates = keep.get(site);
    if (!gates || gates.every((gate) => gate === 1)) return value;
    const other = donor.get(site);
    if (!other) throw new Error(`The donor run has no recording of ${site}.`);
    const [channels, tokens] = value.shape;
    if (other.channels !== channels || other.tokens !== tokens || gates.length !== channels) {
      const given = `[${other.channels} channels, ${other.tokens} tokens] with ${gates.length} gates`;
      throw new RangeError(`The donor's ${site} is ${given}, the receiver's [${channels} channels, ${tokens} tokens].`);
    }
    const replaced = Int32Array.from(gates.keys()).filter((c) => gates[c] === 0);
    const rows = new Float32Array(replaced.length * tokens);
    replaced.forEach((c, i) => rows.set(other.values.subarray(c * tokens, (c + 1) * tokens), i * tokens));
    return tf.tidy(() => replaceRows(value, replaced, tf.tensor2d(rows, [replaced.length, tokens])));
  };
}
