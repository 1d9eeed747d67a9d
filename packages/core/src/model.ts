import * as tf from "@tensorflow/tfjs-core";
import { concatTokens } from "@filigree/kernels";
import type { SiteName } from "@filigree/sites";
import type { ModelConfig } from "./config.ts";
import { checkTokens, forward, type ForwardOptions, type TokenBatch } from "./forward.ts";
import type { Parameters } from "./parameters.ts";
import type { Tokenizer } from "./tokenizer/index.ts";

/** A model to run. Runs are values: nothing about a run is kept in the model. */
export interface Model {
  readonly config: ModelConfig;
  readonly parameters: Parameters;
  /** Mean of every site over the training corpus, [channels], for mean ablation. Empty where the file has none. */
  readonly means: ReadonlyMap<SiteName, Float32Array>;
  readonly tokenizer: Tokenizer | undefined;
  /** sha256 over the config and the parameters, in hexadecimal: names the model in other files. */
  readonly hash: string;
  /** What of its files was passed over, one sentence each. */
  readonly notes?: readonly string[];
}

/**
 * Values of the widest activation of a panel of tokens: 1 MiB, about a processor's second cache. Short sequences are run
 * so many at a time, from end to end; of longer ones all but attention is.
 */
const PANEL_VALUES = 2 ** 18;

/**
 * The logits [outputs, readout] of a batch; everything else that the pass made is freed, and so must the logits be.
 *
 * @throws RangeError as `forward` does.
 */
export function runModel(model: Model, tokens: TokenBatch, options: ForwardOptions = {}): tf.Tensor2D {
  const { config, parameters } = model;
  // The kernels take 32 columns at a time.
  const panel = 32 * Math.max(1, Math.floor(PANEL_VALUES / (32 * config.dMlp)));
  const run = (tokens: TokenBatch, options: ForwardOptions) =>
    tf.tidy(() => forward(config, parameters, tokens, { panel, ...options }));
  const sequences = Math.floor(panel / tokens.seq);
  // An edit sees all tokens of a site at once, and so does what takes the place of products. A start has them all.
  const replaced = options.edit !== undefined || options.project !== undefined || options.start !== undefined;
  if (replaced) return run(tokens, options);
  // Without an edit nobody sees what columns that are not read show in the end.
  const narrow = options.readout !== undefined && 2 * options.readout.length < tokens.ids.length;
  if (sequences < 1 || sequences >= tokens.batch || !isAscending(options.readout)) {
    return run(tokens, { ...options, narrow });
  }
  checkTokens(config, tokens, options.readout);
  return tf.tidy(() =>
    concatTokens(splitBatch(tokens, sequences, options.readout).map((part) => run(part, { ...part, narrow }))),
  );
}

/** Parts of a batch of so many sequences, each with its share of the columns that are read. */
function splitBatch(
  { ids, batch, seq }: TokenBatch,
  sequences: number,
  readout: Int32Array | undefined,
): (TokenBatch & ForwardOptions)[] {
  const parts = Array.from({ length: Math.ceil(batch / sequences) }, (_, part): TokenBatch & ForwardOptions => {
    const start = part * sequences * seq;
    const end = Math.min(batch * seq, start + sequences * seq);
    const tokens = { ids: ids.slice(start, end), batch: (end - start) / seq, seq };
    if (!readout) return tokens;
    return { ...tokens, readout: readout.filter((n) => n >= start && n < end).map((n) => n - start) };
  });
  return parts.filter(({ readout }) => readout?.length !== 0);
}

function isAscending(columns: Int32Array | undefined): boolean {
  return columns === undefined || columns.every((column, i) => i === 0 || columns[i - 1]! <= column);
}

/** Frees a model's tensors. The model cannot run afterwards. */
export function disposeModel(model: Model): void {
  model.parameters.dispose();
}
