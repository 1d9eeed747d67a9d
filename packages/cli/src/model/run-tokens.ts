import type { Activation, Model, StoredTensor, TokenBatch } from "@filigree/core";
import type { SiteName } from "@filigree/sites";

/** Rows are run together up to so many tokens; the results do not depend on it. */
const TOKENS_AT_ONCE = 4_096;

/** How long a pass takes. */
export interface Measurement {
  /** Of the median pass. */
  readonly tokensPerSecond: number;
  /** Of a pass over all rows: median, least, most. */
  readonly milliseconds: readonly [median: number, min: number, max: number];
  /** The most memory that the process has held at once. */
  readonly peakMemoryBytes: number;
}

/**
 * Runs the model and gives a safetensors file of its logits and of the sites that the globs name, float32
 * [batch, seq, channels]; a pattern is [batch, heads, query, key].
 *
 * @throws InputError for a glob that names no site.
 */
export async function recordRun(model: Model, tokens: TokenBatch, globs: readonly string[]): Promise<Uint8Array> {
  const core = await import("@filigree/core");
  const { nLayer, outSize } = model.config;
  const known = core.listSites(nLayer);
  const sites = new Set(globs.flatMap((glob) => core.matchSites(glob, known)));
  const layersOf = (kind: string) => [...sites].map(core.parseSite).flatMap((s) => (s.kind === kind ? [s.layer!] : []));
  const patterns = new Set(layersOf("attn.pattern"));
  const results = new Map<SiteName, Float32Array[]>();
  const keep = (site: SiteName, values: Float32Array) => results.set(site, [...(results.get(site) ?? []), values]);
  const logits = core.siteName("logits");
  for (const part of parts(tokens)) {
    const seen = new Map<SiteName, Activation>();
    const output = core.runModel(model, part, { edit: core.recordSites(sites, seen), patterns });
    keep(logits, tokensFirst({ channels: outSize, tokens: part.ids.length, values: output.dataSync<"float32">() }));
    output.dispose();
    for (const [site, activation] of seen) {
      if (site === logits) continue;
      keep(
        site,
        core.parseSite(site).kind === "attn.pattern" ? queriesFirst(activation, part) : tokensFirst(activation),
      );
    }
  }
  const stored = [...results].map(([site, chunks]): [string, StoredTensor] => {
    const values = joined(chunks);
    const { batch, seq } = tokens;
    const shape =
      core.parseSite(site).kind === "attn.pattern"
        ? [batch, values.length / (batch * seq * seq), seq, seq]
        : [batch, seq, values.length / (batch * seq)];
    return [site, core.fromFloat32(values, shape)];
  });
  return core.formatSafetensors(new Map(stored), { format: "filigree.activations/1" });
}

/** Times `repeat` passes over all rows, after one to warm up. */
export async function measureRuns(
  model: Model,
  tokens: TokenBatch,
  repeat: number,
  onProgress: (text: string) => void,
): Promise<Measurement> {
  const { runModel } = await import("@filigree/core");
  const pass = () => {
    const begun = performance.now();
    for (const part of parts(tokens)) {
      const logits = runModel(model, part);
      logits.dataSync();
      logits.dispose();
    }
    return performance.now() - begun;
  };
  pass();
  const times: number[] = [];
  while (times.length < repeat) {
    onProgress(`pass ${times.length + 1} of ${repeat}`);
    times.push(pass());
    // Lets Ctrl-C in: a pass blocks the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const sorted = times.toSorted((a, b) => a - b);
  const middle = (sorted[(repeat - 1) >> 1]! + sorted[repeat >> 1]!) / 2;
  return {
    tokensPerSecond: (1000 * tokens.ids.length) / middle,
    milliseconds: [middle, sorted[0]!, sorted.at(-1)!],
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

/** The rows in batches. */
function parts({ ids, batch, seq }: TokenBatch): TokenBatch[] {
  const rows = Math.max(1, Math.floor(TOKENS_AT_ONCE / seq));
  return Array.from({ length: Math.ceil(batch / rows) }, (_, i) => {
    const own = ids.slice(i * rows * seq, (i + 1) * rows * seq);
    return { ids: own, batch: own.length / seq, seq };
  });
}

/** [channels, tokens] → [tokens, channels] */
function tokensFirst({ channels, tokens, values }: Activation): Float32Array {
  const result = new Float32Array(values.length);
  for (let c = 0; c < channels; c++)
    for (let t = 0; t < tokens; t++) result[t * channels + c] = values[c * tokens + t]!;
  return result;
}

/** A pattern [heads · seq (key), batch · seq (query)] → [batch, heads, query, key] */
function queriesFirst({ channels, tokens, values }: Activation, { batch, seq }: TokenBatch): Float32Array {
  const heads = channels / seq;
  const result = new Float32Array(values.length);
  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (let head = 0; head < heads; head++) {
      for (let query = 0; query < seq; query++) {
        for (let key = 0; key < seq; key++) result[at++] = values[(head * seq + key) * tokens + b * seq + query]!;
      }
    }
  }
  return result;
}

function joined(chunks: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(chunks.reduce((n, chunk) => n + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    result.set(chunk, at);
    at += chunk.length;
  }
  return result;
}
