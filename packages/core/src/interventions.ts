import * as tf from "@tensorflow/tfjs-core";
import type { SiteName } from "@filigree/sites";
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

/** Overwrites parts of sites; what is not named stays to the bit. */
export function writeSites(writes: ReadonlyMap<SiteName, readonly Write[]>): Edit {
  return (site, value) => {
    const here = writes.get(site);
    if (!here || here.length === 0) return value;
    const [channels, tokens] = value.shape;
    const data = value.dataSync<"float32">().slice();
    for (const { token, channels: some, values } of here) {
      if (some) for (let j = 0; j < some.length; j++) data[some[j]! * tokens + token] = values[j]!;
      else for (let c = 0; c < channels; c++) data[c * tokens + token] = values[c]!;
    }
    return tf.tensor2d(data, [channels, tokens]);
  };
}

/** One token's column of an activation, or some channels of it. */
export function readColumn(activation: Activation, token: number, channels?: readonly number[]): Float32Array {
  const { tokens, values } = activation;
  if (channels) return Float32Array.from(channels, (c) => values[c * tokens + token]!);
  return Float32Array.from({ length: activation.channels }, (_, c) => values[c * tokens + token]!);
}
