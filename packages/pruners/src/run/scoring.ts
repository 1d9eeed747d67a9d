import { pluginId, type NodeMask } from "@filigree/core";
import type { EdgeMask, PrunerContext, PrunerStep, ScoringPruner, SteppingPruner } from "../contract/pruner.ts";
import { flatten } from "../masking/gate-vector.ts";
import {
  bisectToTarget,
  isBisectionOver,
  maskOfFirst,
  rankingOf,
  startBisection,
  type Bisection,
} from "../ranking/bisection.ts";
import { checkMask } from "./context.ts";
import { PrunerError } from "./pruner-error.ts";

type State = Bisection | { readonly phase: "score" };

/** Share of the work that scoring is taken for. */
const SCORING_SHARE = 0.5;

/** A method that only scores gets the rest here: its scores are ranked, and bisected to the target. */
export function withThreshold<Options>(pruner: ScoringPruner<Options>): SteppingPruner<Options, State> {
  const { name, version, about, apiVersion, options } = pruner;
  return {
    name,
    version,
    about,
    apiVersion,
    options,
    init: () => ({ phase: "score" }),
    async step(ctx, options, state): Promise<PrunerStep<State>> {
      if (state.phase === "score") {
        const scores = await pruner.score(ctx, options);
        checkScores(ctx, scores, pluginId(pruner));
        const next = rank(ctx, scores);
        return { state: next, done: isBisectionOver(ctx, next), progress: SCORING_SHARE };
      }
      return bisectToTarget(ctx, state, SCORING_SHARE);
    },
    finish(ctx, _, state) {
      if (state.phase === "score") throw new Error("The run is not over.");
      return maskOfFirst(ctx, state);
    },
  };
}

/** @throws PrunerError unless there is one finite score for each node, or for each edge */
export function checkScores(ctx: PrunerContext, scores: NodeMask | EdgeMask, id: string): void {
  checkMask(scores, ctx.graph, id);
  if (scores instanceof Float32Array) return;
  const missing = [...ctx.sites.keys()].find((site) => !scores.has(site));
  if (missing !== undefined) throw new PrunerError(id, `gives no scores for ${missing}.`);
}

function rank(ctx: PrunerContext, scores: NodeMask | EdgeMask): Bisection {
  if (scores instanceof Float32Array) return startBisection("edges", rankingOf(scores));
  return startBisection("nodes", rankingOf(flatten(ctx.sites, scores)));
}
