import { choiceOption, defineOptions } from "@filigree/core";
import { definePruner } from "../contract/define-pruner.ts";

interface RandomOptions {
  readonly over: "nodes" | "edges";
}

/** The control: scores drawn from nothing. Every method should find smaller circuits. */
export const random = definePruner<RandomOptions>({
  name: "random",
  version: "0.1.0",
  about: "scores drawn at random: the control that every method should beat",
  apiVersion: 1,
  options: defineOptions<RandomOptions>({
    over: choiceOption(["nodes", "edges"], { about: "what is scored", default: "nodes" }),
  }),
  score(ctx, { over }) {
    const random = ctx.random("scores");
    const draw = (length: number) => Float32Array.from({ length }, () => random.uniform());
    if (over === "edges") return draw(ctx.graph.edgeCount);
    return new Map([...ctx.sites].map(([site, width]) => [site, draw(width)]));
  },
});
