import * as tf from "@tensorflow/tfjs-core";
import { forward, type Edit, type Model } from "@filigree/core";
import type { Example, Task } from "@filigree/tasks";
import type { TraceLine } from "../../src/index.ts";

// The trace, repeated one swap at a time: no batches, nothing kept. Short and literal, to be checked by eye.

type Write = TraceLine["writes"][number];
/** A site of one run, [channels][tokens]. */
type Grid = number[][];

/** What the swap of a trace line gives: log-probabilities over the answers, centred, in the order of their ids. */
export function replay(model: Model, task: Task, line: TraceLine): number[] {
  const x = task.examples[line.reference]!;
  const sites = [...new Set(line.writes.map((write) => write.receiver?.site ?? write.site))];
  const patterned = sites.some((site) => site.endsWith("attn.pattern"));
  const edit: Edit = (site, value) => {
    if (!sites.includes(site)) return value;
    const grid = value.arraySync();
    for (const write of line.writes) {
      if ((write.receiver?.site ?? write.site) === site) overwrite(model, task, x, grid, write);
    }
    return tf.tensor2d(grid);
  };
  return answersOf(model, task, x, edit, patterned);
}

/** Answers of an undisturbed run. */
export function undisturbed(model: Model, task: Task, example: number): number[] {
  return answersOf(model, task, task.examples[example]!, (_, value) => value);
}

function overwrite(model: Model, task: Task, x: Example, grid: Grid, write: Write): void {
  const y = task.examples[write.from.donor]!;
  if (write.receiver) return receive(model, x, y, grid, write);
  const donor = siteOf(model, y, write.site);
  if (write.position === "all") {
    for (const c of channelsOf(write, grid)) grid[c] = donor[c]!;
    return;
  }
  const [to, from] = [write.position, write.from.position as number];
  if (!write.site.endsWith("attn.pattern")) {
    for (const c of channelsOf(write, grid)) grid[c]![to] = donor[c]![from]!;
    return;
  }
  // Rows [head · keys + key] of one query: the donor's, but each head keeps its own total.
  const keys = x.ids.length;
  const own = siteOf(model, x, write.site);
  for (const c of channelsOf(write, grid)) {
    const first = c - (c % keys);
    const total = (of: Grid, query: number) => sum(of.slice(first, first + keys).map((row) => row[query]!));
    grid[c]![to] = (donor[c]![from]! * total(own, to)) / total(donor, from);
  }
}

/** The receiver's row of the mix gains pattern · (donor's value − own value) of the sender. */
function receive(model: Model, x: Example, y: Example, grid: Grid, write: Write): void {
  const { config } = model;
  const query = write.receiver!.position;
  const [sender, from] = [write.position as number, write.from.position as number];
  const [own, other] = [siteOf(model, x, write.site), siteOf(model, y, write.site)];
  const pattern = siteOf(model, x, write.site.replace(/\.v$/, ".pattern"));
  for (const c of channelsOf(write, grid)) {
    const head = Math.floor(c / config.dHead);
    grid[c]![query]! += pattern[head * x.ids.length + sender]![query]! * (other[c]![from]! - own[c]![sender]!);
  }
}

function siteOf(model: Model, example: Example, site: string): Grid {
  let grid: Grid = [];
  run(
    model,
    example,
    (met, value) => {
      if (met === site) grid = value.arraySync();
      return value;
    },
    site.endsWith("attn.pattern"),
  );
  return grid;
}

function answersOf(model: Model, task: Task, example: Example, edit: Edit, patterned = false): number[] {
  const logits = run(model, example, edit, patterned);
  const set = example.foil === undefined ? task.answers : [example.answer, example.foil];
  const values = [...set].sort((a, b) => a - b).map((answer) => logits[answer]![example.position]!);
  return values.map((value) => value - sum(values) / values.length);
}

function run({ config, parameters }: Model, { ids }: Example, edit: Edit, patterned: boolean): Grid {
  const patterns = new Set(patterned ? Array.from({ length: config.nLayer }, (_, layer) => layer) : []);
  const tokens = { ids: Int32Array.from(ids), batch: 1, seq: ids.length };
  return tf.tidy(() => forward(config, parameters, tokens, { edit, patterns }).arraySync());
}

function channelsOf({ channels }: Write, grid: Grid): readonly number[] {
  return channels === "all" ? grid.map((_, c) => c) : channels;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
