import {
  nodeSites,
  randomStream,
  siteWidth,
  type Model,
  type NodeMask,
  type Seed,
  type SiteName,
} from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { circuitEdges } from "../circuit/circuit-edges.ts";
import { openNodes } from "../circuit/mask.ts";
import type { PrunerContext } from "../contract/pruner.ts";
import { MaskedLoss } from "../masking/masked-loss.ts";
import { PrunerError } from "./pruner-error.ts";

/** What a gradient costs beside a loss: the backward pass does about twice the work of the forward one. */
const GRADIENT_COST = 3;

/** Work allowed and done, in sequences run forward. */
export interface Budget {
  total: number;
  used: number;
}

export interface ContextSettings {
  /** `name@version`. */
  readonly pruner: string;
  readonly target: number;
  readonly seed: Seed;
  readonly budget: Budget;
  readonly signal: AbortSignal;
  readonly log: (figures: Readonly<Record<string, number>>) => void;
}

/** The view of a model and a task that a pruner gets. */
export function createContext(model: Model, task: Task, settings: ContextSettings): PrunerContext {
  const { pruner, target, seed, budget, signal, log } = settings;
  const sites = new Map(nodeSites(model.config).map((site) => [site, siteWidth(model.config, site)]));
  const masked = new MaskedLoss(model, task);
  const spend = (mask: NodeMask, sequences: number) => {
    checkMask(mask, sites, pruner);
    if (budget.used + sequences > budget.total) {
      throw new PrunerError(pruner, `asked for more work than its budget of ${budget.total} sequences allows.`);
    }
    budget.used += sequences;
  };
  return {
    sites,
    target,
    pairs: masked.pairs,
    loss(mask, pairs) {
      spend(mask, masked.sequences(pairs));
      return masked.loss(mask, pairs);
    },
    gradient(mask, pairs) {
      spend(mask, GRADIENT_COST * masked.sequences(pairs));
      return masked.gradient(mask, pairs);
    },
    edges: (mask) => circuitEdges(model, openNodes(mask)),
    random: (name) => randomStream(seed, `pruners/${pruner.replace(/@.*/u, "")}/${name}`),
    get budget() {
      return { ...budget };
    },
    log,
    signal,
  };
}

/** @throws PrunerError unless the mask has one finite gate for each channel of each site that it names. */
export function checkMask(mask: NodeMask, sites: ReadonlyMap<SiteName, number>, pruner: string): void {
  for (const [site, gates] of mask) {
    const width = sites.get(site);
    if (width === undefined) throw new PrunerError(pruner, `masks "${site}", which is no node site of the model.`);
    if (gates.length !== width) {
      throw new PrunerError(pruner, `gives ${gates.length} gates for the ${width} channels of ${site}.`);
    }
    if (!gates.every(Number.isFinite)) throw new PrunerError(pruner, `gives a gate of ${site} that is not a number.`);
  }
}
