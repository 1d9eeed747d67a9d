import * as tf from "@tensorflow/tfjs-core";
import {
  forward,
  normedSite,
  normScales,
  parseNodeId,
  parseSite,
  type Edit,
  type Model,
  type NodeId,
  type NormScales,
  type Project,
} from "@filigree/core";
import type { Example, Task } from "@filigree/tasks";
import { expect } from "vitest";
import type { TraceLine } from "../../src/index.ts";

// The trace, repeated one swap at a time: no batches, nothing kept. Short and literal, to be checked by eye.

type Write = TraceLine["writes"][number];
/** A site of one run, [channels][tokens]. */
type Grid = number[][];

/** How a run differs from the plainest one. */
interface How {
  readonly patterned?: boolean;
  readonly norms?: NormScales | undefined;
  readonly project?: Project | undefined;
}

/** What the swap of a trace line gives: log-probabilities over the answers, centred, in the order of their ids. */
export function replay(model: Model, task: Task, line: TraceLine): number[] {
  const x = task.examples[line.reference]!;
  const patterned = line.writes.some(({ site, receiver }) => receiver || site.endsWith("attn.pattern"));
  /** What the swapped run itself shows: path writes need its values and its pattern. */
  const shown = new Map<string, Grid>();
  const edit: Edit = (site, value) => {
    const grid = value.arraySync();
    for (const write of line.writes) if (write.receiver?.site === site) receive(model, task, x, grid, write, shown);
    for (const write of line.writes) if (!write.receiver && write.site === site) overwrite(model, task, x, grid, write);
    shown.set(site, grid);
    return tf.tensor2d(grid);
  };
  return answersOf(model, task, x, edit, {
    patterned,
    norms: line.normsHeld ? scalesOf(model, x) : undefined,
    project: line.cuts && cutting(model, task, line.cuts),
  });
}

/** Which matrix leads to a site, and from which: c_attn stacks q, k and v. */
const LEADING: Readonly<Record<string, readonly [matrix: string, reads: string, block: number]>> = {
  "attn.q": ["attn.c_attn", "attn.act_in", 0],
  "attn.k": ["attn.c_attn", "attn.act_in", 1],
  "attn.v": ["attn.c_attn", "attn.act_in", 2],
  "attn.resid_delta": ["attn.c_proj", "attn.y", 0],
  "mlp.post_act": ["mlp.c_fc", "mlp.act_in", 0],
  "mlp.resid_delta": ["mlp.c_proj", "mlp.post_act", 0],
};

/** The products as they are, but for what cut edges carry. */
function cutting(model: Model, task: Task, { edges, from }: NonNullable<TraceLine["cuts"]>): Project {
  const { config, parameters } = model;
  const donor = task.examples[from.donor]!;
  return (x, name) => {
    const matrix = parameters.matrix(`${name}.weight`);
    const weights = (matrix instanceof tf.Tensor ? matrix : matrix.toDense()).arraySync() as Grid;
    const own = x.arraySync();
    const bias = parameters.optional(`${name}.bias`)?.arraySync() as number[] | undefined;
    const product = weights.map((row, r) => {
      return own[0]!.map((_, t) => (bias?.[r] ?? 0) + sum(row.map((weight, c) => weight * own[c]![t]!)));
    });
    for (const [source, target] of edges) {
      const to = parseNodeId(target as NodeId);
      const { layer, kind } = parseSite(to.site);
      const [led, reads, block] = LEADING[kind]!;
      if (name !== `transformer.h.${layer}.${led}`) continue;
      const [row, c] = [block * config.nHead * config.dHead + to.channel, parseNodeId(source as NodeId).channel];
      const shown = siteOf(model, donor, `${layer}.${reads}`)[c]!;
      own[c]!.forEach((value, t) => (product[row]![t]! += weights[row]![c]! * (shown[t]! - value)));
    }
    return tf.tensor2d(product);
  };
}

/** The scales that norms have in the undisturbed run. */
function scalesOf(model: Model, x: Example): NormScales {
  return (name, value) => {
    const [site, { norm }] = [normedSite(name), model.config];
    if (norm === "none" || site === undefined) return undefined;
    const own = tf.tensor2d(siteOf(model, x, site));
    expect(own.shape).toEqual(value.shape);
    return normScales(norm, own);
  };
}

/** Answers of an undisturbed run. */
export function undisturbed(model: Model, task: Task, example: number): number[] {
  return answersOf(model, task, task.examples[example]!, (_, value) => value);
}

function overwrite(model: Model, task: Task, x: Example, grid: Grid, write: Write): void {
  if ("value" in write.from) {
    const values = write.from.value;
    channelsOf(write, grid).forEach((c, j) => (grid[c]![write.position as number] = values[j]!));
    return;
  }
  const y = task.examples[write.from.donor]!;
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

/** The receiver's row of the mix gains pattern · (the value that is sent − the sender's own). */
function receive(model: Model, task: Task, x: Example, grid: Grid, write: Write, shown: Map<string, Grid>): void {
  const query = write.receiver!.position;
  const sender = write.position as number;
  const [own, pattern] = [shown.get(write.site)!, shown.get(write.site.replace(/\.v$/, ".pattern"))!];
  const sent = sentBy(model, task, grid, write);
  for (const c of channelsOf(write, grid)) {
    const head = Math.floor(c / model.config.dHead);
    grid[c]![query]! += pattern[head * x.ids.length + sender]![query]! * (sent(c) - own[c]![sender]!);
  }
}

/** The value of a channel that a write brings. */
function sentBy(model: Model, task: Task, grid: Grid, write: Write): (channel: number) => number {
  const { from } = write;
  if ("value" in from) {
    const channels = channelsOf(write, grid);
    return (c) => from.value[channels.indexOf(c)]!;
  }
  const donor = siteOf(model, task.examples[from.donor]!, write.site);
  return (c) => donor[c]![from.position as number]!;
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
    { patterned: site.endsWith("attn.pattern") },
  );
  return grid;
}

function answersOf(model: Model, task: Task, example: Example, edit: Edit, how: How = {}): number[] {
  const logits = run(model, example, edit, how);
  const set = example.foil === undefined ? task.answers : [example.answer, example.foil];
  const values = [...set].sort((a, b) => a - b).map((answer) => logits[answer]![example.position]!);
  return values.map((value) => value - sum(values) / values.length);
}

function run(
  { config, parameters }: Model,
  { ids }: Example,
  edit: Edit,
  { patterned = false, norms, project }: How,
): Grid {
  const patterns = new Set(patterned ? Array.from({ length: config.nLayer }, (_, layer) => layer) : []);
  const tokens = { ids: Int32Array.from(ids), batch: 1, seq: ids.length };
  return tf.tidy(() =>
    forward(config, parameters, tokens, {
      edit,
      patterns,
      ...(norms && { norms }),
      ...(project && { project }),
    }).arraySync(),
  );
}

function channelsOf({ channels }: Write, grid: Grid): readonly number[] {
  return channels === "all" ? grid.map((_, c) => c) : channels;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
