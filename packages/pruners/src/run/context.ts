import { randomStream, type Model, type NodeMask, type Seed } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { circuitEdges } from "../circuit/circuit-edges.ts";
import { openNodes } from "../circuit/mask.ts";
import { readGraph } from "../circuit/model-graph.ts";
import type {
  AblationKind,
  EdgeGradient,
  EdgeMask,
  MaskGradient,
  ModelGraph,
  NormMode,
  PassOptions,
  PrunerContext,
} from "../contract/pruner.ts";
import { ablationOf } from "../masking/ablation.ts";
import { MaskedLoss } from "../masking/masked-loss.ts";
import { siteStatistics } from "../masking/statistics.ts";
import { BudgetError, PrunerError } from "./pruner-error.ts";

/** What a gradient costs beside a loss: the backward pass does about twice the work of the forward one. */
const GRADIENT_COST = 3;

/** What norms cost beside a loss or a gradient: frozen ones take the whole model's pass. */
const NORMS_COST: Readonly<Record<NormMode, number>> = { live: 0, frozen: 1 };

/** Work allowed and done, in sequences run forward. */
export interface Budget {
  readonly total: number;
  /** The total that the pruner is told, and may plan its work for. */
  readonly told: number;
  used: number;
  /** Whether the pruner asked for more than there was. */
  exceeded: boolean;
}

/** A budget of which nothing is used yet. */
export function fullBudget(total = Infinity, told = total): Budget {
  return { total, told, used: 0, exceeded: false };
}

export interface ContextSettings {
  /** `name@version`. */
  readonly pruner: string;
  readonly target: number;
  readonly ablation: AblationKind;
  readonly seed: Seed;
  readonly budget: Budget;
  readonly signal: AbortSignal;
  readonly log: (figures: Readonly<Record<string, number>>) => void;
}

/** The view of a model and a task that a pruner gets. */
export function createContext(model: Model, task: Task, settings: ContextSettings): PrunerContext {
  const { pruner, target, ablation, seed, budget, signal, log } = settings;
  const graph = readGraph(model);
  const masked = new MaskedLoss(model, graph, task, ablationOf(ablation, task, "dev", seed));
  const spend = (passes: number, norms: NormMode, pairs?: readonly number[]) => {
    if (!Object.hasOwn(NORMS_COST, norms)) {
      throw new PrunerError(pruner, `asks for "${String(norms)}" norms: live or frozen ones expected.`);
    }
    const sequences = (passes + NORMS_COST[norms]) * masked.sequences(pairs);
    if (budget.used + sequences > budget.total) {
      budget.exceeded = true;
      throw new BudgetError(pruner, budget.total);
    }
    budget.used += sequences;
  };
  function gradient(mask: NodeMask, pairs?: readonly number[], pass?: PassOptions): MaskGradient;
  function gradient(mask: EdgeMask, pairs?: readonly number[], pass?: PassOptions): EdgeGradient;
  function gradient(mask: NodeMask | EdgeMask, pairs?: readonly number[], { norms = "live" }: PassOptions = {}) {
    checkMask(mask, graph, pruner);
    spend(GRADIENT_COST, norms, pairs);
    return mask instanceof Float32Array ? masked.edgeGradient(mask, norms, pairs) : masked.gradient(mask, norms, pairs);
  }
  return {
    sites: graph.sites,
    graph,
    ablation,
    target,
    pairs: masked.pairs,
    loss(mask, pairs, { norms = "live" } = {}) {
      checkMask(mask, graph, pruner);
      spend(1, norms, pairs);
      return masked.loss(mask, norms, pairs);
    },
    gradient,
    statistics(site) {
      if (!graph.sites.has(site)) {
        throw new PrunerError(pruner, `asks for statistics of "${site}", which is no node site of the model.`);
      }
      spend(1, "live");
      return siteStatistics(model, site, masked.batches);
    },
    edges: (mask) => circuitEdges(model, openNodes(mask)),
    random: (name) => randomStream(seed, `pruners/${pruner.replace(/@.*/u, "")}/${name}`),
    get budget() {
      return { total: budget.told, used: budget.used };
    },
    log,
    signal,
  };
}

/** @throws PrunerError unless a mask has one finite gate for each channel of each site it names, or one for each edge. */
export function checkMask(mask: NodeMask | EdgeMask, { sites, edgeCount }: ModelGraph, pruner: string): void {
  if (mask instanceof Float32Array) {
    if (mask.length !== edgeCount) {
      throw new PrunerError(pruner, `gives ${mask.length} gates for the ${edgeCount} edges of the model.`);
    }
    if (!mask.every(Number.isFinite)) throw new PrunerError(pruner, "gives a gate of an edge that is not a number.");
    return;
  }
  for (const [site, gates] of mask) {
    const width = sites.get(site);
    if (width === undefined) throw new PrunerError(pruner, `masks "${site}", which is no node site of the model.`);
    if (gates.length !== width) {
      throw new PrunerError(pruner, `gives ${gates.length} gates for the ${width} channels of ${site}.`);
    }
    if (!gates.every(Number.isFinite)) throw new PrunerError(pruner, `gives a gate of ${site} that is not a number.`);
  }
}
