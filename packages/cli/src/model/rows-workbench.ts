import type { Activation, BackendName, Model, TokenBatch } from "@filigree/core";
import type { SiteName } from "@filigree/sites";
import type { Workbench } from "../workers/workbench.ts";
import { LoadedModel } from "./loaded-model.ts";
import { checkTokens, type RowsPart } from "./token-rows.ts";

/** Rows to run, and the globs of the sites to record. `where` is the file of the rows. */
export interface RowsPiece {
  readonly directory: string;
  readonly backend: BackendName;
  readonly part: RowsPart;
  readonly where: string;
  readonly globs: readonly string[];
}

/** What some rows show: the logits and each recorded site, [row, token, channel]; a pattern is [row, head, query, key]. */
export type RecordedRows = ReadonlyMap<SiteName, Float32Array<ArrayBuffer>>;

/** Runs rows of tokens, and keeps the model loaded. */
export class RowsWorkbench implements Workbench<RowsPiece, RecordedRows, never> {
  readonly #loaded = new LoadedModel();

  async do({ directory, backend, part, where, globs }: RowsPiece): Promise<RecordedRows> {
    const model = await this.#loaded.get(directory, backend);
    checkTokens(part, where, model.config);
    return recordRows(model, part.tokens, globs);
  }

  buffersOf(recorded: RecordedRows): ArrayBuffer[] {
    return [...recorded.values()].map(({ buffer }) => buffer);
  }

  close(): void {
    this.#loaded.dispose();
  }
}

async function recordRows(model: Model, tokens: TokenBatch, globs: readonly string[]): Promise<RecordedRows> {
  const core = await import("@filigree/core");
  const { nLayer, outSize } = model.config;
  const known = core.listSites(nLayer);
  const sites = new Set(globs.flatMap((glob) => core.matchSites(glob, known)));
  const isPattern = (site: SiteName) => core.parseSite(site).kind === "attn.pattern";
  const patterns = new Set([...sites].filter(isPattern).map((site) => core.parseSite(site).layer!));
  const seen = new Map<SiteName, Activation>();
  const output = core.runModel(model, tokens, { edit: core.recordSites(sites, seen), patterns });
  const logits = { channels: outSize, tokens: tokens.ids.length, values: output.dataSync<"float32">() };
  output.dispose();
  const recorded = new Map([[core.siteName("logits"), tokensFirst(logits)]]);
  for (const [site, activation] of seen) {
    if (recorded.has(site)) continue;
    recorded.set(site, isPattern(site) ? queriesFirst(activation, tokens) : tokensFirst(activation));
  }
  return recorded;
}

/** [channels, tokens] → [tokens, channels] */
function tokensFirst({ channels, tokens, values }: Activation): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  for (let c = 0; c < channels; c++)
    for (let t = 0; t < tokens; t++) result[t * channels + c] = values[c * tokens + t]!;
  return result;
}

/** A pattern [heads · seq (key), batch · seq (query)] → [batch, heads, query, key] */
function queriesFirst({ channels, tokens, values }: Activation, { batch, seq }: TokenBatch): Float32Array<ArrayBuffer> {
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
