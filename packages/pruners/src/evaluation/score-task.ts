import {
  checkPluginOptions,
  InputError,
  pluginFault,
  pluginId,
  type Model,
  type NodeMask,
  type Seed,
} from "@filigree/core";
import type { Task } from "@filigree/tasks";
import type { AblationKind, EdgeMask, Pruner } from "../contract/pruner.ts";
import { PRUNERS } from "../contract/registry.ts";
import { createContext, fullBudget } from "../run/context.ts";
import { DEFAULT_TARGET } from "../run/prune-task.ts";
import { checkScores } from "../run/scoring.ts";

export interface ScoreSettings {
  readonly seed: Seed;
  readonly pruner: Pruner;
  /** The pruner's own options. */
  readonly options?: unknown;
  /** What everything outside a circuit shows: its mean over the training corpus, where left out. */
  readonly ablation?: AblationKind;
  /** The most work that it may do, in sequences run forward. */
  readonly budget?: number;
  readonly signal?: AbortSignal;
}

/**
 * How much each node, or each edge, matters for a task: what a pruner that scores says, before any circuit is cut out.
 *
 * @throws InputError for a pruner that works in steps, for wrong options, and for a budget that is too small
 * @throws PrunerError where the pruner fails
 */
export async function scoreTask(model: Model, task: Task, settings: ScoreSettings): Promise<NodeMask | EdgeMask> {
  const { seed, pruner, ablation = "mean", budget, signal = new AbortController().signal } = settings;
  const id = pluginId(pruner);
  if (!("score" in pruner)) {
    throw new InputError({
      what: `the pruner ${pruner.name} finds a circuit step by step and gives no scores`,
      expected: "a pruner that scores nodes or edges, such as attribution or eap",
    });
  }
  const options = await checkPluginOptions(PRUNERS, pruner, settings.options);
  const ctx = createContext(model, task, {
    pruner: id,
    // Scoring does not look at a target; a pruner that does sees the usual one.
    target: DEFAULT_TARGET,
    ablation,
    seed,
    signal,
    budget: fullBudget(budget),
    log: () => undefined,
  });
  try {
    const scores = await pruner.score(ctx, options);
    checkScores(ctx, scores, id);
    return scores;
  } catch (error) {
    throw pluginFault(PRUNERS, id, "failed in score", error);
  }
}
