import { InputError, JsonValue } from "@filigree/sites";
import type { ModelConfig, TokenBatch } from "@filigree/core";

/** Rows are run together up to so many tokens; the results do not depend on it. */
const TOKENS_AT_ONCE = 4_096;

/** Rows of a file that are run together. */
export interface RowsPart {
  readonly tokens: TokenBatch;
  /** The place of the first of them in the file. */
  readonly first: number;
}

/**
 * Reads rows of token ids: JSON `[[ids, …], …]`, rows of one length.
 *
 * @throws InputError for another shape.
 */
export function parseTokenRows(text: string, where: string): TokenBatch {
  const json = JsonValue.parse(text, where);
  const rows = json.array().map((row) => ({ row, ids: row.array() }));
  const seq = rows[0]?.ids.length ?? json.fail("no rows", "at least one row of token ids");
  if (seq === 0) rows[0]!.row.fail("a row of no tokens", "at least one token");
  const ids = rows.flatMap(({ row, ids }) => {
    if (ids.length !== seq) row.fail(`${ids.length} ids`, `${seq}, as in the first row`);
    return ids.map((id) => id.index());
  });
  return { ids: Int32Array.from(ids), batch: rows.length, seq };
}

/** The rows in batches. */
export function partsOf({ ids, batch, seq }: TokenBatch): RowsPart[] {
  const rows = Math.max(1, Math.floor(TOKENS_AT_ONCE / seq));
  return Array.from({ length: Math.ceil(batch / rows) }, (_, i) => {
    const own = ids.slice(i * rows * seq, (i + 1) * rows * seq);
    return { tokens: { ids: own, batch: own.length / seq, seq }, first: i * rows };
  });
}

/** @throws InputError for ids and lengths that the model does not have; `where` is the file of the rows. */
export function checkTokens({ tokens: { ids, seq }, first }: RowsPart, where: string, config: ModelConfig): void {
  const { vocabSize, blockSize } = config;
  if (seq > blockSize) {
    throw new InputError({
      what: `a row of ${seq} tokens`,
      where: `${where}: [${first}]`,
      expected: `1 to ${blockSize} tokens`,
    });
  }
  const unknown = ids.findIndex((id) => id >= vocabSize);
  if (unknown < 0) return;
  throw new InputError({
    what: `the model has no token ${ids[unknown]}`,
    where: `${where}: [${first + Math.floor(unknown / seq)}][${unknown % seq}]`,
    expected: `0 to ${vocabSize - 1}`,
  });
}
