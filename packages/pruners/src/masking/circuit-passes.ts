import type * as tf from "@tensorflow/tfjs-core";
import { circuitCompiler, nodeSites, type CutMatrix, type Cuts, type Fills, type Model } from "@filigree/core";
import type { ExampleBatch } from "@filigree/tasks";
import type { CircuitGates } from "../circuit/circuit.ts";
import type { WeightGraph } from "../circuit/model-graph.ts";
import type { EdgeMask } from "../contract/pruner.ts";
import { constantFills, type Ablation } from "./ablation.ts";
import { MaskedPass } from "./masked-pass.ts";

/** Runs a circuit with everything outside it ablated. Dispose it. */
export interface CircuitPass {
  /** The logits at the columns that are read, [outSize, examples]; the caller disposes them. */
  logits(batch: ExampleBatch): tf.Tensor2D;
  dispose(): void;
}

/**
 * Makes the pass of one circuit after another, each in the fastest way that is exact. Under mean and zero ablation all
 * that is ablated, cut edges included, shows constants, and core runs the circuit's cone alone. Other prompts' values,
 * and edges that are neither kept nor cut, take the plain twin, {@link MaskedPass}.
 */
export class CircuitPasses {
  readonly #model: Model;
  readonly #graph: () => WeightGraph;
  readonly #ablation: Ablation;
  readonly #compile: ReturnType<typeof circuitCompiler>;
  readonly #fills: Fills;

  /** @param graph all weights of the model, only asked for where edges are cut or other prompts' values are shown */
  constructor(model: Model, graph: () => WeightGraph, ablation: Ablation) {
    this.#model = model;
    this.#graph = graph;
    this.#ablation = ablation;
    this.#compile = circuitCompiler(model);
    const { kind } = ablation;
    this.#fills = kind === "resample" ? new Map() : constantFills(model, kind, nodeSites(model.config));
  }

  of(gates: CircuitGates): CircuitPass {
    const { nodes, edges } = gates;
    const { kind } = this.#ablation;
    if (kind === "resample" || edges?.some((gate) => gate !== 0 && gate !== 1)) {
      return new MaskedPass(this.#model, this.#graph(), gates, this.#ablation);
    }
    const circuit = this.#compile(nodes, this.#fills, edges && this.#cutsOf(edges, kind));
    return { logits: ({ batch, readout }) => circuit.logits(batch, readout), dispose: () => undefined };
  }

  #cutsOf(edges: EdgeMask, kind: "mean" | "zero"): Cuts {
    const cuts = new Map<string, CutMatrix>();
    for (const { name, reads, start, end } of this.#graph().matrices) {
      const kept = edges.subarray(start, end);
      if (!kept.includes(0)) continue;
      // c_proj multiplies what attention made of the values, which is no site of nodes.
      const fill = this.#fills.get(reads) ?? constantFills(this.#model, kind, [reads]).get(reads)!;
      cuts.set(name, { kept, fill });
    }
    return cuts;
  }
}
