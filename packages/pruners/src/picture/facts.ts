import type { NodeFile } from "@filigree/core";
import { isUnknownModel } from "../exchange/model-of-circuit.ts";

/** What a file says of its circuit, in words. */
export interface Facts {
  readonly task: string;
  readonly size: string;
  readonly model: string;
  readonly foundBy: string;
  /** In nats. */
  readonly losses: string;
  readonly ablation: string;
}

export function factsOf(file: NodeFile): Facts {
  const nodes = Object.values(file.nodes).reduce((sum, channels) => sum + channels.length, 0);
  const { dev, test, uncalibrated, model } = file.loss;
  const losses: readonly (readonly [string, number | null])[] = [
    ["dev", dev],
    ["test", test],
    ["test without calibration", uncalibrated],
    ["whole model", model],
  ];
  const measured = losses.flatMap(([name, loss]) => (loss === null ? [] : [`${name} ${loss.toFixed(3)}`]));
  return {
    task: file.task,
    size: `${counted(nodes, "node")}, ${counted(file.edges.length, "edge")}`,
    model: isUnknownModel(file.model) ? "unknown" : file.model,
    foundBy: file.found.pruner,
    losses: measured.length > 0 ? measured.join(", ") : "not measured",
    ablation: ABLATIONS[file.ablation.kind],
  };
}

const ABLATIONS: Readonly<Record<NodeFile["ablation"]["kind"], string>> = {
  mean: "their mean",
  zero: "0",
  resample: "another prompt's values",
};

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
