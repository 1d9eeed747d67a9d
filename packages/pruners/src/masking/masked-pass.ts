import * as tf from "@tensorflow/tfjs-core";
import {
  add,
  forward,
  gateChannels,
  linear,
  normScales,
  SparsityPattern,
  type Edit,
  type Model,
  type NodeMask,
  type NormScales,
  type Project,
  type SiteName,
} from "@filigree/core";
import type { ExampleBatch } from "@filigree/tasks";
import type { CircuitGates } from "../circuit/circuit.ts";
import type { MatrixEdges, WeightGraph } from "../circuit/model-graph.ts";
import type { EdgeMask, NormMode } from "../contract/pruner.ts";
import { fillsOf, type Ablation } from "./ablation.ts";

type Fill = tf.Tensor1D | tf.Tensor2D;

/** A loss of the logits at the columns that are read, [outSize, examples]. */
type Loss = (logits: tf.Tensor2D) => tf.Scalar;

export interface MaskedPassOptions {
  /** Live, where left out. */
  readonly norms?: NormMode;
  /** Whether edges whose gates are open can be asked for their gradient too. */
  readonly everyEdge?: boolean;
}

/** What a pass over a batch takes from other runs. To its gradient they are constants. */
interface Given {
  /** What ablated channels show. */
  readonly fills: ReadonlyMap<SiteName, Fill>;
  /** The scales of frozen norms, by the norm's name. */
  readonly scales: ReadonlyMap<string, tf.Tensor1D>;
}

/** The parts w · g and w · (1 − g) of a matrix's nonzeros. */
interface SplitWeights {
  readonly kept: tf.Tensor1D;
  readonly cut: tf.Tensor1D;
}

/**
 * The whole model's pass with gates at its nodes and edges: the plain twin of what core computes on a circuit's cone,
 * and the one that has gradients and takes every kind of ablation, cut edges and frozen norms. Dispose it.
 *
 * An edge that is cut carries what its source shows ablated: y = (W ∘ g) · x + (W ∘ (1 − g)) · fill + b. What c_proj
 * multiplies is what attention made of the values, the site attn.y.
 */
export class MaskedPass {
  readonly #edgeCount: number;
  readonly #model: Model;
  readonly #ablation: Ablation;
  readonly #norms: NormMode;
  readonly #nodes: NodeMask;
  readonly #gates: readonly tf.Tensor1D[];
  readonly #matrices: readonly GatedMatrix[];

  constructor(
    model: Model,
    graph: WeightGraph,
    { nodes, edges }: CircuitGates,
    ablation: Ablation,
    { norms = "live", everyEdge = false }: MaskedPassOptions = {},
  ) {
    this.#edgeCount = graph.edgeCount;
    this.#model = model;
    this.#ablation = ablation;
    this.#norms = norms;
    this.#nodes = nodes;
    this.#gates = [...nodes.values()].map((gates) => tf.keep(tf.tensor1d(gates)));
    this.#matrices = (edges ? graph.matrices : [])
      .filter(({ start, end }) => edges!.subarray(start, end).some((gate) => gate !== 1) || everyEdge)
      .map((matrix) => new GatedMatrix(matrix, graph.weight, edges!));
  }

  /** The logits at the columns that are read, [outSize, examples]; the caller disposes them. */
  logits(batch: ExampleBatch): tf.Tensor2D {
    return this.#withGiven(batch, (given) => tf.tidy(() => this.#run(batch, given, this.#gates, this.#split)));
  }

  /** The loss, and its derivative with respect to every node gate, in the mask's order. */
  nodeGradient(batch: ExampleBatch, loss: Loss): [number, Float32Array[]] {
    return this.#withGiven(batch, (given) =>
      gradientOf(this.#gates, (gates) => loss(this.#run(batch, given, gates, this.#split))),
    );
  }

  /** The loss, and its derivative with respect to every edge gate. */
  edgeGradient(batch: ExampleBatch, loss: Loss): [number, EdgeMask] {
    const variables = this.#split.flatMap(({ kept, cut }) => [kept, cut]);
    const [value, slopes] = this.#withGiven(batch, (given) =>
      gradientOf(variables, (weights) => {
        const split = this.#matrices.map((_, i) => ({ kept: weights[2 * i]!, cut: weights[2 * i + 1]! }));
        return loss(this.#run(batch, given, this.#gates, split));
      }),
    );
    const gradient = new Float32Array(this.#edgeCount);
    this.#matrices.forEach(({ weights, start }, i) => {
      const [kept, cut] = [slopes[2 * i]!, slopes[2 * i + 1]!];
      gradient.set(
        weights.map((w, k) => w * (kept[k]! - cut[k]!)),
        start,
      );
    });
    return [value, gradient];
  }

  dispose(): void {
    tf.dispose([...this.#gates]);
    for (const matrix of this.#matrices) matrix.dispose();
  }

  get #split(): readonly SplitWeights[] {
    return this.#matrices.map(({ split }) => split);
  }

  #withGiven<Result>(batch: ExampleBatch, work: (given: Given) => Result): Result {
    const sites = new Set([...this.#nodes.keys(), ...this.#matrices.map(({ reads }) => reads)]);
    const fills = fillsOf(this.#model, this.#ablation, sites, batch);
    const scales = this.#norms === "frozen" ? this.#wholeScales(batch) : new Map<string, tf.Tensor1D>();
    try {
      return work({ fills, scales });
    } finally {
      tf.dispose([...fills.values(), ...scales.values()]);
    }
  }

  /** The scales of all norms in the whole model's pass, at the tokens that the masked pass shows them. */
  #wholeScales({ batch, readout }: ExampleBatch): Map<string, tf.Tensor1D> {
    const { config, parameters } = this.#model;
    const scales = new Map<string, tf.Tensor1D>();
    const norms: NormScales = (name, x) => {
      if (config.norm !== "none") scales.set(name, tf.keep(normScales(config.norm, x)));
      return undefined;
    };
    tf.tidy(() => void forward(config, parameters, batch, { norms, readout, narrow: this.#narrow }));
    return scales;
  }

  /** What a donor shows has a column for each token. */
  get #narrow(): boolean {
    return this.#ablation.kind !== "resample";
  }

  #run(
    { batch, readout }: ExampleBatch,
    { fills, scales }: Given,
    gates: readonly tf.Tensor1D[],
    split: readonly SplitWeights[],
  ): tf.Tensor2D {
    const { config, parameters } = this.#model;
    const gateAt = new Map([...this.#nodes.keys()].map((site, i) => [site, gates[i]!]));
    const edit: Edit = (site, value) => {
      const gate = gateAt.get(site);
      return gate ? gateChannels(value, gate, fills.get(site)!) : value;
    };
    const places = new Map(this.#matrices.map(({ name }, i) => [name, i]));
    const project: Project = (x, name) => {
      const bias = parameters.optional(`${name}.bias`);
      const i = places.get(name);
      if (i === undefined) return linear(x, parameters.weight(`${name}.weight`), bias);
      const matrix = this.#matrices[i]!;
      return matrix.product(x, fills.get(matrix.reads)!, split[i]!, bias);
    };
    return forward(config, parameters, batch, {
      edit,
      readout,
      narrow: this.#narrow,
      ...(scales.size > 0 && { norms: (name) => scales.get(name) }),
      ...(split.length > 0 && { project }),
    });
  }
}

/** A weight matrix with a gate at each of its nonzeros. */
class GatedMatrix {
  readonly name: string;
  readonly reads: SiteName;
  readonly start: number;
  readonly weights: Float32Array;
  readonly split: SplitWeights;
  readonly #pattern: SparsityPattern;

  constructor({ name, reads, rows, cols, places, start, end }: MatrixEdges, weights: Float32Array, gates: EdgeMask) {
    this.name = name;
    this.reads = reads;
    this.start = start;
    this.weights = weights.subarray(start, end);
    this.#pattern = new SparsityPattern(rows, cols, places);
    this.split = {
      kept: tf.keep(tf.tensor1d(this.weights.map((w, k) => w * gates[start + k]!))),
      cut: tf.keep(tf.tensor1d(this.weights.map((w, k) => w * (1 - gates[start + k]!)))),
    };
  }

  /** kept · x + cut · fill + b, [out, tokens]. */
  product(x: tf.Tensor2D, fill: Fill, { kept, cut }: SplitWeights, bias: tf.Tensor1D | undefined): tf.Tensor2D {
    const pattern = this.#pattern;
    const everywhere = fill.rank === 2 ? fill : tf.tile(tf.reshape(fill, [-1, 1]), [1, x.shape[1]]);
    return add(linear(x, { pattern, values: kept }, bias), linear(everywhere as tf.Tensor2D, { pattern, values: cut }));
  }

  dispose(): void {
    this.#pattern.dispose();
    tf.dispose([this.split.kept, this.split.cut]);
  }
}

/** A scalar function of some vectors: its value and its gradient. */
function gradientOf(
  variables: readonly tf.Tensor1D[],
  f: (variables: readonly tf.Tensor1D[]) => tf.Scalar,
): [number, Float32Array[]] {
  return tf.tidy(() => {
    const { value, grads } = tf.valueAndGrads((...given: tf.Tensor[]) => f(given as tf.Tensor1D[]))([...variables]);
    return [value.dataSync<"float32">()[0]!, grads.map((grad) => grad.dataSync<"float32">().slice())];
  });
}
