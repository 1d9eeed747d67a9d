import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "../wasm/module.ts";
import { differentiable } from "./custom-gradient.ts";
import { sumOverTokens } from "./linear.ts";

// Operations that take channels or tokens as they are: sums, one after the other, gates.

/** a + b, both [channels, tokens]. */
export function add(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return differentiable<tf.Rank.R2>([a, b], (a, b) => ({
    value: tf.add<tf.Tensor2D>(a!, b!),
    saved: [],
    gradients: (dy) => [tf.clone(dy), tf.clone(dy)],
  }));
}

/** x + one value per channel: x [channels, tokens], bias [channels]. */
export function addToChannels(x: tf.Tensor2D, bias: tf.Tensor1D): tf.Tensor2D {
  return differentiable<tf.Rank.R2>([x, bias], (x, bias) => ({
    value: tf.add<tf.Tensor2D>(x!, tf.reshape(bias!, [-1, 1])),
    saved: [],
    gradients: (dy) => [tf.clone(dy), sumOverTokens(dy)],
  }));
}

/** The channels of a, then those of b: [channels of a, tokens], [channels of b, tokens] → [both, tokens]. */
export function concatChannels(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const [channels, tokens] = a.shape;
  const further = b.shape[0];
  return differentiable<tf.Rank.R2>([a, b], (...given) => {
    const [a, b] = given as [tf.Tensor2D, tf.Tensor2D];
    const gradients = (dy: tf.Tensor2D) => [channelsOf(dy, 0, channels), channelsOf(dy, channels, further)];
    if (!hasKernels()) return { value: tf.concat([a, b], 0), saved: [], gradients };
    const value = output<tf.Rank.R2>([channels + further, tokens]);
    call("copyValues", a, 0, a.size, value, 0);
    call("copyValues", b, 0, b.size, value, a.size);
    return { value, saved: [], gradients };
  });
}

/** A copy of `count` channels of x [channels, tokens], without a gradient. tfjs's own slice on wasm goes through JavaScript, several times over. */
export function channelsOf(x: tf.Tensor2D, start: number, count: number): tf.Tensor2D {
  const tokens = x.shape[1];
  if (!hasKernels()) return tf.slice(x, [start, 0], [count, tokens]);
  const value = output<tf.Rank.R2>([count, tokens]);
  call("copyValues", x, start * tokens, count * tokens, value, 0);
  return value;
}

/** The given token columns of x [channels, tokens], in the given order → [channels, columns]. */
export function gatherTokens(x: tf.Tensor2D, columns: Int32Array): tf.Tensor2D {
  const [channels, tokens] = x.shape;
  return differentiable<tf.Rank.R2>([x], (x) => ({
    value: tf.gather(x as tf.Tensor2D, tf.tensor1d(columns, "int32"), 1),
    saved: [],
    gradients: (dy) => {
      const source = dy.dataSync();
      const dx = new Float32Array(channels * tokens);
      for (let c = 0; c < channels; c++) {
        for (let j = 0; j < columns.length; j++) dx[c * tokens + columns[j]!]! += source[c * columns.length + j]!;
      }
      return [tf.tensor2d(dx, [channels, tokens])];
    },
  }));
}

/**
 * y = gate · x + (1 − gate) · fill: ablation of the channels whose gate is 0. Exact where the gate is 0 or 1.
 *
 * @param x [channels, tokens]
 * @param gate [channels], usually 0 or 1
 * @param fill what an ablated channel shows, [channels] or [channels, tokens]; no gradient
 */
export function gateChannels(x: tf.Tensor2D, gate: tf.Tensor1D, fill: tf.Tensor1D | tf.Tensor2D): tf.Tensor2D {
  const [channels, tokens] = x.shape;
  return differentiable<tf.Rank.R2>([x, gate], (...given) => {
    const [x, gate] = given as [tf.Tensor2D, tf.Tensor1D];
    if (!hasKernels() || fill.rank === 2) return portableGate(x, gate, fill);
    const value = output<tf.Rank.R2>([channels, tokens]);
    call("gateChannels", x, gate, fill, channels, tokens, value);
    return {
      value,
      saved: [x, gate, fill],
      gradients: (dy, [x, gate, fill]) => {
        const dx = output<tf.Rank.R2>([channels, tokens]);
        const dgate = output<tf.Rank.R1>([channels]);
        call("gateChannelsGrad", x!, gate!, fill!, dy, channels, tokens, dx, dgate);
        return [dx, dgate];
      },
    };
  });
}

function portableGate(x: tf.Tensor2D, gate: tf.Tensor1D, fill: tf.Tensor1D | tf.Tensor2D) {
  const [channels, tokens] = x.shape;
  const [values, gates, fills] = [x, gate, fill].map((tensor) => tensor.dataSync<"float32">());
  // What is copied is copied whole: 0 · x + fill would lose the sign of a zero and make NaN of an infinity.
  const gated = new Float32Array(channels * tokens);
  for (let c = 0; c < channels; c++) {
    const g = gates![c]!;
    const [start, end] = [c * tokens, (c + 1) * tokens];
    const row = values!.subarray(start, end);
    const filled = fill.rank === 2 ? fills!.subarray(start, end) : undefined;
    if (g === 1) gated.set(row, start);
    else if (g === 0 && filled) gated.set(filled, start);
    else if (g === 0) gated.fill(fills![c]!, start, end);
    else for (let t = 0; t < tokens; t++) gated[start + t] = g * row[t]! + (1 - g) * (filled?.[t] ?? fills![c]!);
  }
  return {
    value: tf.tensor2d(gated, [channels, tokens]),
    saved: [x, gate, fill],
    gradients: (dy: tf.Tensor2D, [x, gate, fill]: tf.Tensor[]) => {
      const difference = tf.sub(x!, fill!.rank === 2 ? fill! : tf.reshape(fill!, [-1, 1]));
      return [tf.mul(dy, tf.reshape(gate!, [-1, 1])), sumOverTokens(tf.mul(dy, difference))];
    },
  };
}
