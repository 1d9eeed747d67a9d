import { disposeModel, nodeSites, untrainedModel, type Model, type Seed, type SiteName } from "@filigree/core";
import { batchExamples, nonsenseTask, scoreAnswers, type Task } from "@filigree/tasks";
import { readGraph } from "../circuit/model-graph.ts";
import type { AblationKind, Pruner } from "../contract/pruner.ts";
import { ablationOf } from "../masking/ablation.ts";
import { contrastPairs } from "../masking/dev-pairs.ts";
import { maskedOutputs } from "../masking/masked-outputs.ts";
import { siteStatistics } from "../masking/statistics.ts";
import { fullBudget } from "../run/context.ts";
import { pruneTask, pruneWithin, type PruneOptions, type PruneProgress, type PruneResult } from "../run/prune-task.ts";
import { BudgetError } from "../run/pruner-error.ts";

/** What is pruned in the place of a model and its task: the task's nonsense variant, or a model of untrained weights. */
export type ControlName = "nonsense" | "untrained";

/** What a pruner finds where there is nothing to find. */
export interface ControlRun {
  readonly control: ControlName;
  readonly nodes: number;
  readonly edges: number;
  /** Loss of the control's circuit on the dev split, without scale and shift: what the target is compared with. */
  readonly dev: number;
  /** On the test split. */
  readonly test: number;
  /** Whether its dev loss is within the target. */
  readonly reached: boolean;
  /**
   * Whether the search was over before its budget was. A search that was not might have found a smaller circuit, or one
   * that reaches the target: that it did not proves nothing.
   */
  readonly complete: boolean;
}

export interface ControlRunSettings {
  readonly seed: Seed;
  readonly pruner: Pruner;
  /** The pruner's own options. */
  readonly options?: unknown;
  /** The loss to reach on the dev split, in nats: that of the circuit in doubt, say. */
  readonly target: number;
  readonly ablation?: AblationKind;
  /**
   * The most work that each run may do, in sequences run forward. A control run that is not over by then is run once more
   * with a pruner that plans for this budget.
   */
  readonly budget?: number;
  readonly onProgress?: (control: ControlName, progress: PruneProgress) => void;
  readonly signal?: AbortSignal;
}

/** Prompts whose tokens the means of an untrained model are taken over, at most. */
const PROMPTS = 256;

/**
 * Prunes what a circuit should not be found in, with the pruner and settings of the circuit that is in doubt. A task of
 * numbers has no nonsense variant, and only the untrained model is pruned for it. Where the target is reached with every
 * node ablated, the control's circuit is empty.
 *
 * @throws InputError and PrunerError as `pruneTask` does
 */
export async function runControls(model: Model, task: Task, settings: ControlRunSettings): Promise<ControlRun[]> {
  const { tokenizer, config } = model;
  const runs: ControlRun[] = [];
  if (!task.numeric) {
    const nonsense = nonsenseTask(task, { tokenizer, ...config }, settings.seed);
    runs.push(await runControl("nonsense", model, nonsense, settings));
  }
  const untrained = untrainedModel(model, settings.seed);
  try {
    const means = (settings.ablation ?? "mean") === "mean" ? promptMeans(untrained, task) : untrained.means;
    runs.push(await runControl("untrained", { ...untrained, means }, task, settings));
  } finally {
    disposeModel(untrained);
  }
  return runs;
}

async function runControl(
  control: ControlName,
  model: Model,
  task: Task,
  { onProgress, ...settings }: ControlRunSettings,
): Promise<ControlRun> {
  const { target, seed, ablation = "mean" } = settings;
  const none = ablatedLosses(model, task, ablation, seed);
  if (none.dev <= target) return { control, nodes: 0, edges: 0, ...none, reached: true, complete: true };
  const options: PruneOptions = {
    ...settings,
    modelMayMiss: true,
    onProgress: (progress) => onProgress?.(control, progress),
  };
  const whole = await pruneUnhurried(model, task, options);
  const { evaluation, reached } = whole ?? (await pruneTask(model, task, options));
  const { nodes, edges, uncalibrated } = evaluation;
  const { dev, test } = uncalibrated;
  const complete = whole !== undefined;
  return { control, nodes, edges: edges.length, dev: dev.loss, test: test.loss, reached, complete };
}

/**
 * The result of a pruner that does not know its budget; undefined where it asked for more. A pruner that knows it may
 * plan for less: fewer steps, an earlier end. Then nobody can tell whether its search was over.
 */
async function pruneUnhurried(model: Model, task: Task, options: PruneOptions): Promise<PruneResult | undefined> {
  const budget = fullBudget(options.budget, Infinity);
  try {
    const result = await pruneWithin(budget, model, task, options);
    return budget.exceeded ? undefined : result;
  } catch (error) {
    if (error instanceof BudgetError) return undefined;
    throw error;
  }
}

/** Losses with every node ablated. */
function ablatedLosses(model: Model, task: Task, ablation: AblationKind, seed: Seed): { dev: number; test: number } {
  const [dev, test] = (["dev", "test"] as const).map((split) => {
    const examples = task.examples.filter((example) => example.split === split);
    const outputs = maskedOutputs(model, { nodes: [] }, examples, ablationOf(ablation, task, split, seed));
    return scoreAnswers(task, examples, outputs).loss;
  });
  return { dev: dev!, test: test! };
}

/** Means over the tokens of dev prompts: an untrained model has no training corpus. */
function promptMeans(model: Model, task: Task): Map<SiteName, Float32Array> {
  const prompts = contrastPairs(task, "dev").flat().slice(0, PROMPTS);
  const batches = batchExamples(prompts, { causal: model.config.causal, batchSize: 32 });
  const sites = new Set([...nodeSites(model.config), ...readGraph(model).matrices.map(({ reads }) => reads)]);
  return new Map([...sites].map((site) => [site, siteStatistics(model, site, batches).mean]));
}
