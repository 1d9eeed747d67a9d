import type { NodeMask } from "@filigree/core";
import type { EdgeMask, ModelGraph, Pruner } from "@filigree/pruners";

/** What a pruner was seen to do in a run. */
export interface Recording {
  graph?: ModelGraph;
  /** The scores of a pruner that only scores; the mask that another one ends with. */
  scores?: NodeMask | EdgeMask;
  /** Its states, and their texts when they were new. */
  readonly states: { readonly state: unknown; readonly text: string }[];
}

/** The same pruner, and what it will have done. */
export function recorded(pruner: Pruner): { readonly pruner: Pruner; readonly recording: Recording } {
  const recording: Recording = { states: [] };
  const remember = (state: unknown) => recording.states.push({ state, text: JSON.stringify(state) ?? "undefined" });
  if ("score" in pruner) {
    const scoring: Pruner = {
      ...pruner,
      async score(ctx, options) {
        recording.graph = ctx.graph;
        return (recording.scores = await pruner.score(ctx, options));
      },
    };
    return { pruner: scoring, recording };
  }
  const stepping: Pruner = {
    ...pruner,
    async init(ctx, options) {
      recording.graph = ctx.graph;
      const state = await pruner.init(ctx, options);
      remember(state);
      return state;
    },
    async step(ctx, options, state) {
      const result = await pruner.step(ctx, options, state);
      remember(result.state);
      return result;
    },
    async finish(ctx, options, state) {
      return (recording.scores = await pruner.finish(ctx, options, state));
    },
  };
  return { pruner: stepping, recording };
}
