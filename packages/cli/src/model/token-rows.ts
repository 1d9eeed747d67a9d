import { JsonValue } from "@filigree/sites";
import type { ModelConfig, TokenBatch } from "@filigree/core";

/**
 * Reads rows of token ids: JSON `[[ids, …], …]`, rows of one length.
 *
 * @throws InputError for another shape, and for ids or lengths that the model does not have.
 */
export function parseTokenRows(text: string, where: string, config: ModelConfig): TokenBatch {
  const json = JsonValue.parse(text, where);
  const rows = json.array().map((row) => ({ row, ids: row.array() }));
  const seq = rows[0]?.ids.length ?? json.fail("no rows", "at least one row of token ids");
  const ids = rows.flatMap(({ row, ids }) => {
    if (ids.length !== seq) row.fail(`${ids.length} ids`, `${seq}, as in the first row`);
    return ids.map((id) =>
      id.index() < config.vocabSize
        ? id.index()
        : id.fail(`the model has no token ${id.index()}`, `0 to ${config.vocabSize - 1}`),
    );
  });
  if (seq < 1 || seq > config.blockSize) rows[0]!.row.fail(`a row of ${seq} tokens`, `1 to ${config.blockSize} tokens`);
  return { ids: Int32Array.from(ids), batch: rows.length, seq };
}
