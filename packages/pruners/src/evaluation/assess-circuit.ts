import * as tf from "@tensorflow/tfjs-core";
import { InputError, randomStream, type Model, type Seed } from "@filigree/core";
import type { Example, Split, Task } from "@filigree/tasks";
import type { Circuit } from "../circuit/circuit.ts";
import { readGraph } from "../circuit/model-graph.ts";
import type { AblationKind } from "../contract/pruner.ts";
import { ablationOf } from "../masking/ablation.ts";
import { contrastPairs } from "../masking/dev-pairs.ts";
import { maskedOutputs } from "../masking/masked-outputs.ts";
import { bootstrapMeans, clustersOf, type Estimate } from "./bootstrap.ts";
import { complementOf, normalCircuit, wholeCircuit } from "./circuit-variants.ts";
import { measureEdgeEffects, type EdgeEffects } from "./edge-effects.ts";
import { evaluateCircuit, type CircuitEvaluation } from "./evaluate-circuit.ts";
import { measureFaithfulness, type Faithfulness } from "./faithfulness.ts";
import { exampleFigures, type ExampleFigures } from "./margins.ts";
import { measureRandomControl, type RandomControl } from "./random-control.ts";

/** All that is measured of a circuit. Everything but losses named dev is of the test split. */
export interface CircuitAssessment {
  /** What is shown outside the circuit, where not said otherwise. */
  readonly ablation: AblationKind;
  /** Size, and loss and accuracy on both splits. */
  readonly evaluation: CircuitEvaluation;
  /** Loss of the circuit alone, without scale and shift. */
  readonly loss: Estimate;
  /**
   * How much of the model the circuit alone does, by what is shown outside it. Where that is not `ablation`, on a part of
   * the test split. A model without means lacks `mean`.
   */
  readonly faithfulness: Readonly<Partial<Record<AblationKind, Faithfulness>>>;
  /** The rest of the model when only the circuit is ablated. */
  readonly without: { readonly loss: Estimate; readonly faithfulness: Faithfulness };
  readonly edgeEffects: EdgeEffects;
  readonly random: RandomControl;
}

export interface AssessSettings {
  readonly seed: Seed;
  /** What everything outside the circuit shows: its mean over the training corpus, where left out. */
  readonly ablation?: AblationKind;
  /** How many random circuits the circuit is compared with; 20, where left out. */
  readonly draws?: number;
  /** Other ablations and random circuits are measured on so many examples of a split at most; 256, where left out. */
  readonly examples?: number;
  /** How many edges are cut at most, each on a quarter of these examples; 64, where left out. */
  readonly edges?: number;
  readonly onProgress?: (progress: { readonly what: string; readonly share: number }) => void;
  readonly signal?: AbortSignal;
}

const ABLATIONS: readonly AblationKind[] = ["mean", "zero", "resample"];
const DRAWS = 20;
const EXAMPLES = 256;
const EDGES = 64;

/**
 * Measures a circuit afresh in every way that this package knows. Only the circuit's nodes and edges are believed.
 *
 * @throws InputError for an empty circuit, and as `evaluateCircuit` does
 * @throws the signal's reason where it is aborted
 */
export async function assessCircuit(
  model: Model,
  task: Task,
  given: Circuit,
  settings: AssessSettings,
): Promise<CircuitAssessment> {
  const { seed, ablation = "mean", draws = DRAWS, examples: most = EXAMPLES, edges = EDGES } = settings;
  if (given.nodes.length === 0) {
    throw new InputError({ what: "the circuit is empty", expected: "at least one node", where: task.name });
  }
  const graph = readGraph(model);
  const circuit = normalCircuit(model.config, graph, given);
  const others = ABLATIONS.filter((kind) => kind !== ablation && (kind !== "mean" || model.means.size > 0));
  const [test, some] = [task.examples.filter(({ split }) => split === "test"), someExamples(task, "test", most, seed)];
  // Of the edges that will be cut only their greatest number is known.
  const turn = turns(1 + 4 + 1 + 2 * others.length + edges + 1 + draws, settings);

  await turn("losses");
  const evaluation = evaluateCircuit(model, task, circuit, { ablation, seed });
  const figuresOf = async (part: Circuit, kind: AblationKind, examples: readonly Example[]) => {
    await turn("faithfulness");
    return exampleFigures(task, examples, maskedOutputs(model, part, examples, ablationOf(kind, task, "test", seed)));
  };
  const random = () => randomStream(seed, "pruners/evaluation/bootstrap");
  const clusters = clustersOf(task, test);
  const meanLoss = ({ loss }: ExampleFigures) => bootstrapMeans([loss], clusters, ([mean]) => mean!, random());
  const bounds = {
    whole: await figuresOf(wholeCircuit(graph), "zero", test),
    ablated: await figuresOf({ nodes: [] }, ablation, test),
  };
  const own = await figuresOf(circuit, ablation, test);
  const rest = await figuresOf(complementOf(graph, circuit), ablation, test);
  const faithfulness: Partial<Record<AblationKind, Faithfulness>> = {
    [ablation]: measureFaithfulness(own, bounds, clusters, random),
  };
  const whole = await figuresOf(wholeCircuit(graph), "zero", some);
  for (const kind of others) {
    const ablated = await figuresOf({ nodes: [] }, kind, some);
    const part = await figuresOf(circuit, kind, some);
    faithfulness[kind] = measureFaithfulness(part, { whole, ablated }, clustersOf(task, some), random);
  }
  const edgeEffects = await measureEdgeEffects(
    model,
    graph,
    task,
    circuit,
    someExamples(task, "test", most / 4, seed),
    ablationOf(ablation, task, "test", seed),
    { seed, most: edges, onCut: () => turn("edges") },
  );
  const control = await measureRandomControl(model, graph, task, circuit, {
    ablation,
    seed,
    draws,
    dev: someExamples(task, "dev", most, seed),
    test: some,
    onDraw: () => turn("random circuits"),
  });
  return {
    ablation,
    evaluation,
    loss: meanLoss(own),
    faithfulness,
    without: { loss: meanLoss(rest), faithfulness: measureFaithfulness(rest, bounds, clusters, random) },
    edgeEffects,
    random: control,
  };
}

/** Reports where the work is, and lets timers and signals in: to be called before each of so many parts. */
function turns(parts: number, { onProgress, signal }: AssessSettings): (what: string) => Promise<void> {
  let done = 0;
  return async (what) => {
    onProgress?.({ what, share: Math.min(1, done++ / parts) });
    await tf.nextFrame();
    signal?.throwIfAborted();
  };
}

/** Whole contrast pairs of a split at random, in their order: so many examples at most, but one pair at least. */
function someExamples(task: Task, split: Split, most: number, seed: Seed): Example[] {
  const pairs = contrastPairs(task, split);
  const chosen: Example[] = [];
  for (const pair of randomStream(seed, `pruners/evaluation/examples/${split}`).shuffle(pairs)) {
    if (chosen.length === 0 || chosen.length + pair.length <= most) chosen.push(...pair);
  }
  const kept = new Set(chosen);
  return task.examples.filter((example) => kept.has(example));
}
