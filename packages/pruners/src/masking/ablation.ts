import * as tf from "@tensorflow/tfjs-core";
import { InputError, randomStream, runModel, siteWidth, type Model, type Seed, type SiteName } from "@filigree/core";
import type { Example, ExampleBatch, Split, Task } from "@filigree/tasks";
import type { AblationKind } from "../contract/pruner.ts";

/**
 * What is shown in the place of what is ablated: the mean over the training corpus, 0, or what another example, its
 * donor, shows at the same distance from where its answer is read.
 */
export type Ablation =
  { readonly kind: "mean" | "zero" } | { readonly kind: "resample"; readonly donors: ReadonlyMap<Example, Example> };

/**
 * Draws a donor for each example of a split: any other one of the split, each equally likely.
 *
 * @throws InputError where there is no other one
 */
function drawDonors(task: Task, split: Split, seed: Seed): ReadonlyMap<Example, Example> {
  const examples = task.examples.filter((example) => example.split === split);
  if (examples.length < 2) {
    throw new InputError({
      what: `resample ablation takes values from other examples, and there is none in the ${split} split`,
      where: task.name,
    });
  }
  const random = randomStream(seed, `pruners/donors/${split}`);
  return new Map(
    examples.map((example, i) => [example, examples[(i + 1 + random.integer(examples.length - 1)) % examples.length]!]),
  );
}

/** An ablation of that kind of a split's examples; donors are drawn by the seed. */
export function ablationOf(kind: AblationKind, task: Task, split: Split, seed: Seed): Ablation {
  return kind === "resample" ? { kind, donors: drawDonors(task, split, seed) } : { kind };
}

/** What each of some sites shows ablated in a batch: [channels], or [channels, tokens]. The caller frees it. */
export function fillsOf(
  model: Model,
  ablation: Ablation,
  sites: Iterable<SiteName>,
  batch: ExampleBatch,
): Map<SiteName, tf.Tensor1D | tf.Tensor2D> {
  if (ablation.kind === "resample") return donorValues(model, ablation.donors, new Set(sites), batch);
  const values = (site: SiteName) =>
    ablation.kind === "zero" ? new Float32Array(siteWidth(model.config, site)) : meanOf(model, site);
  return new Map([...sites].map((site) => [site, tf.tensor1d(values(site))]));
}

/** The same outside the backend, where it does not depend on the example. */
export function constantFills(model: Model, kind: "mean" | "zero", sites: Iterable<SiteName>) {
  return new Map(
    [...sites].map((site): [SiteName, Float32Array] => {
      return [site, kind === "zero" ? new Float32Array(siteWidth(model.config, site)) : meanOf(model, site)];
    }),
  );
}

/** @throws InputError where the model's file has no mean of the site */
function meanOf(model: Model, site: SiteName): Float32Array {
  const mean = model.means.get(site);
  if (mean) return mean;
  throw new InputError({
    what: `there is no mean of the site "${site}" to ablate with`,
    hint: "`filigree train` stores the means of a corpus with its checkpoints; other models can be ablated with zeros",
  });
}

function donorValues(
  model: Model,
  donors: ReadonlyMap<Example, Example>,
  sites: ReadonlySet<SiteName>,
  { batch: { batch, seq }, examples }: ExampleBatch,
): Map<SiteName, tf.Tensor2D> {
  const given = examples.map((example) => {
    const donor = donors.get(example);
    if (donor) return donor;
    throw new Error("An example has no donor.");
  });
  const width = Math.max(...given.map(({ ids }) => ids.length));
  const ids = new Int32Array(batch * width);
  given.forEach((donor, row) => ids.set(donor.ids, row * width));
  const columns = Int32Array.from({ length: batch * seq }, (_, n) => {
    const row = Math.floor(n / seq);
    const donor = given[row]!;
    const position = (n % seq) - examples[row]!.position + donor.position;
    return row * width + Math.min(Math.max(position, 0), donor.ids.length - 1);
  });
  const fills = new Map<SiteName, tf.Tensor2D>();
  const edit = (site: SiteName, value: tf.Tensor2D) => {
    if (sites.has(site)) fills.set(site, tf.keep(columnsOf(value, columns)));
    return value;
  };
  runModel(model, { ids, batch, seq: width }, { edit, readout: Int32Array.of(0) }).dispose();
  return fills;
}

/** Some token columns of an activation, [channels, columns]. tfjs's own gather on wasm takes ten times as long. */
function columnsOf(value: tf.Tensor2D, columns: Int32Array): tf.Tensor2D {
  const [channels, tokens] = value.shape;
  const data = value.dataSync<"float32">();
  const gathered = new Float32Array(channels * columns.length);
  for (let c = 0, at = 0; c < channels; c++) {
    for (const column of columns) gathered[at++] = data[c * tokens + column]!;
  }
  return tf.tensor2d(gathered, [channels, columns.length]);
}
