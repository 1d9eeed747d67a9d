import * as tf from "@tensorflow/tfjs-core";
import { call, hasKernels, output } from "../wasm/module.ts";

/**
 * Applies a function that treats each token alone to `width` tokens at a time, and puts the results side by side. What
 * the function makes for so few tokens stays in the processor's caches, and the result is the same to the bit. On the
 * portable backend the function sees all tokens at once. No gradient.
 *
 * @param inputs each [channels of its own, tokens], float32 or int32
 * @param f from panels [channels, up to `width` tokens] to float32 tensors of as many tokens
 */
export function inTokenPanels(
  inputs: readonly tf.Tensor2D[],
  width: number,
  f: (panels: tf.Tensor2D[]) => tf.Tensor2D[],
): tf.Tensor2D[] {
  const tokens = inputs[0]!.shape[1];
  if (!hasKernels() || tokens <= width) return f([...inputs]);
  const whole: tf.Tensor2D[] = [];
  for (let start = 0; start < tokens; start += width) {
    const count = Math.min(width, tokens - start);
    const results = tf.tidy(() => f(inputs.map((input) => panelOf(input, start, count))));
    results.forEach((result, i) => {
      const [channels] = result.shape;
      whole[i] ??= output<tf.Rank.R2>([channels, tokens]);
      call("copyColumns", result, 0, count, channels, count, whole[i], start, tokens);
      result.dispose();
    });
  }
  return whole;
}

/** Tensors of as many channels side by side: [channels, tokens of its own] each → [channels, tokens of all]. No gradient. */
export function concatTokens(parts: readonly tf.Tensor2D[]): tf.Tensor2D {
  if (!hasKernels()) return tf.concat([...parts], 1);
  const channels = parts[0]!.shape[0];
  const tokens = parts.reduce((sum, part) => sum + part.shape[1], 0);
  const whole = output<tf.Rank.R2>([channels, tokens]);
  let start = 0;
  for (const part of parts) {
    const count = part.shape[1];
    call("copyColumns", part, 0, count, channels, count, whole, start, tokens);
    start += count;
  }
  return whole;
}

function panelOf(x: tf.Tensor2D, start: number, count: number): tf.Tensor2D {
  const [channels, tokens] = x.shape;
  const panel = output<tf.Rank.R2>([channels, count], x.dtype === "int32" ? "int32" : "float32");
  call("copyColumns", x, start, tokens, channels, count, panel, 0, count);
  return panel;
}
