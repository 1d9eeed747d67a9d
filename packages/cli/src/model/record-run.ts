import type { StoredTensor } from "@filigree/core";
import { spread } from "../workers/spread.ts";
import type { RowsPiece } from "./rows-workbench.ts";
import { parseTokenRows, partsOf } from "./token-rows.ts";

/** What to run and to record. */
export interface RunRequest extends Omit<RowsPiece, "part"> {
  /** The text of the file `where`. */
  readonly text: string;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/** A safetensors file of what was recorded, and how many rows of how many tokens it is about. */
export interface RecordedRun {
  readonly bytes: Uint8Array;
  readonly rows: number;
  readonly tokens: number;
}

/**
 * Runs the model and gives a safetensors file of its logits and of the sites that the globs name, float32
 * [batch, seq, channels]; a pattern is [batch, heads, query, key]. The rows are spread over threads.
 *
 * @throws InputError for a faulty checkpoint, rows that it cannot run, and a glob that names no site.
 */
export async function recordRun(request: RunRequest): Promise<RecordedRun> {
  const { text, workers, signal, onProgress, ...common } = request;
  const tokens = parseTokenRows(text, common.where);
  const pieces = partsOf(tokens).map((part) => ({ ...common, part }));
  let done = 0;
  const parts = await spread("rows", pieces, {
    workers,
    signal,
    onDone: (piece) => onProgress(`${(done += pieces[piece]!.part.tokens.batch)} of ${tokens.batch} rows done`),
  });
  const { formatSafetensors, fromFloat32, parseSite } = await import("@filigree/core");
  const { batch, seq } = tokens;
  const stored = [...parts[0]!.keys()].map((site): [string, StoredTensor] => {
    const values = joined(parts.map((part) => part.get(site)!));
    const shape =
      parseSite(site).kind === "attn.pattern"
        ? [batch, values.length / (batch * seq * seq), seq, seq]
        : [batch, seq, values.length / (batch * seq)];
    return [site, fromFloat32(values, shape)];
  });
  const bytes = formatSafetensors(new Map(stored), { format: "filigree.activations/1" });
  return { bytes, rows: batch, tokens: seq };
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
