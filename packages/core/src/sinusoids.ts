import type { ModelConfig } from "./config.ts";

/** The shortest wave, in tokens. The longest is as long as the model's block. */
const SHORTEST = 4;

/**
 * Position vectors made of waves, [seq, dPos]: the sines of all periods, then their cosines. The periods lie evenly
 * between 4 tokens and the model's block on a logarithmic scale. OpenAI's code computes them in float32. Rounding where
 * it does keeps within 1e-6 of its tables over short blocks; its checkpoints hold the table, which then is used.
 */
export function sinusoids({ blockSize, dPos }: ModelConfig, seq: number): Float32Array {
  const periods = dPos / 2;
  const [first, last] = [Math.fround(Math.log10(SHORTEST)), Math.fround(Math.log10(blockSize))];
  const table = new Float32Array(seq * dPos);
  for (let i = 0; i < periods; i++) {
    const exponent = periods === 1 ? first : first + ((last - first) * i) / (periods - 1);
    const frequency = Math.fround(Math.fround(2 * Math.PI) / Math.fround(10 ** exponent));
    for (let t = 0; t < seq; t++) {
      const angle = Math.fround(t * frequency);
      table[t * dPos + i] = Math.sin(angle);
      table[t * dPos + periods + i] = Math.cos(angle);
    }
  }
  return table;
}
