import { randomStream, seed, type Model } from "@filigree/core";
import type { Hypothesis, Statement } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import { measureCompetence } from "./competence.ts";
import { drawDataset, type Dataset } from "./data/dataset.ts";
import { drawDonors } from "./data/donors.ts";
import type { ClaimVerdict, TraceLine, VerdictDocument, WorstSwap } from "./document.ts";
import { CleanRuns } from "./engine/clean-runs.ts";
import { runSwaps, type SwapOutcome } from "./engine/swaps.ts";
import { bootstrap } from "./statistics/bootstrap.ts";
import { checkAttends } from "./statements/attends.ts";
import { checkCarries } from "./statements/carries.ts";
import { checkNecessary, checkSufficient } from "./statements/circuits.ts";
import { checkCopies } from "./statements/copies.ts";
import { untestable, type ClaimContext, type Evidence } from "./statements/evidence.ts";
import { checkIgnores } from "./statements/ignores.ts";
import { scaleSample } from "./statements/swap-figures.ts";
import { circuitLine, swapLine } from "./trace.ts";
import { ENGINE_VERSION } from "./version.ts";
import { decide, meets } from "./verdict.ts";

/** Where a check is: `claim` counts from 1; 0 while the model runs undisturbed. */
export interface CheckProgress {
  readonly claim: number;
  readonly claims: number;
  readonly name: string;
  readonly rule: string;
  readonly done: number;
  readonly of: number;
}

export interface CheckHypothesisOptions {
  /** For the document. */
  readonly file: string;
  readonly fileHash: string;
  readonly backend: string;
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined;
  readonly trace?: ((line: TraceLine) => void) | undefined;
}

/** How many of the worst swaps a claim shows. */
const WORST = 5;

/** Tests every claim of a checked hypothesis on a model and a task. The model keeps no tensor of it. */
export function checkHypothesis(
  hypothesis: Hypothesis,
  model: Model,
  task: Task,
  options: CheckHypothesisOptions,
): VerdictDocument {
  const { settings } = hypothesis;
  const runSeed = seed(settings.seed);
  const dataset = drawDataset(task, model, { split: settings.split, count: settings.examples, seed: runSeed });
  const { claims } = hypothesis;
  options.onProgress?.({ claim: 0, claims: claims.length, name: "", rule: "clean runs", done: 0, of: 1 });
  const clean = new CleanRuns(model, dataset);
  const competence = measureCompetence(clean, settings.alpha);
  const random = randomStream(runSeed, "scrubbing/scale");
  const scale = scaleSample(clean, drawDonors(dataset, { kind: "ANY" }, settings.donors, random));
  const flat = scale.values.every((value) => value < 1e-12)
    ? "the model answers every example alike: there is nothing to explain"
    : undefined;

  const verdicts = claims.map((claim, i): ClaimVerdict => {
    const before = clean.passes;
    const context: ClaimContext = {
      clean,
      dataset,
      settings,
      scale,
      random: (name) => randomStream(runSeed, `scrubbing/${claim.name}/${name}`),
      run(rule, swaps, runOptions) {
        const onProgress = (done: number, of: number) => context.progress(rule, done, of);
        onProgress(0, swaps.length);
        const outcomes = runSwaps(clean, swaps, { ...runOptions, onProgress });
        if (options.trace) for (const outcome of outcomes) options.trace(swapLine(claim, rule, outcome, dataset));
        return outcomes;
      },
      trace(rule, outcomes, replaced) {
        if (!options.trace) return;
        for (const outcome of outcomes) options.trace(circuitLine(claim, rule, outcome, replaced, dataset));
      },
      progress: (rule, done, of) =>
        options.onProgress?.({ claim: i + 1, claims: claims.length, name: claim.text, rule, done, of }),
      interval: (name, samples, figure) =>
        bootstrap(samples, figure, {
          clusters: dataset.clusters,
          alpha: settings.alpha,
          random: randomStream(runSeed, `scrubbing/${claim.name}/bootstrap/${name}`),
        }),
    };
    context.progress("donors", 0, 1);
    const problem = flat ?? (claim.statement.kind === "ignores" ? undefined : competence.problem);
    const evidence = problem === undefined ? test(context, claim.statement) : untestable(problem);
    const { verdict, why } = decide(evidence);
    return {
      name: claim.name,
      text: claim.text,
      line: claim.line,
      verdict,
      expected: claim.expected,
      met: meets(verdict, claim.expected),
      why,
      figures: evidence.figures,
      controls: evidence.controls,
      worst: worstSwaps(evidence.invariant, dataset),
      notes: evidence.notes,
      forwardPasses: clean.passes - before,
    };
  });
  return {
    format: "filigree.verdict/1",
    title: hypothesis.title,
    file: options.file,
    task: task.name,
    hashes: { file: options.fileHash, model: model.hash, data: task.hash, engine: ENGINE_VERSION },
    backend: options.backend,
    seed: settings.seed,
    settings,
    model: {
      accuracy: competence.accuracy.estimate,
      accuracyLow: competence.accuracy.low,
      loss: competence.loss,
      examples: dataset.examples.length,
    },
    claims: verdicts,
    met: verdicts.every(({ met }) => met),
  };
}

function test(context: ClaimContext, statement: Statement): Evidence {
  switch (statement.kind) {
    case "carries":
      return checkCarries(context, statement);
    case "ignores":
      return checkIgnores(context, statement);
    case "copies":
      return checkCopies(context, statement);
    case "attends":
      return checkAttends(context, statement);
    case "sufficient":
      return checkSufficient(context, statement);
    case "necessary":
      return checkNecessary(context, statement);
  }
}

function worstSwaps(outcomes: readonly SwapOutcome[], { examples }: Dataset): WorstSwap[] {
  return [...outcomes]
    .filter(({ kl }) => kl > 0)
    .sort((a, b) => b.kl - a.kl || a.swap.reference - b.swap.reference || a.swap.donor - b.swap.donor)
    .slice(0, WORST)
    .map(({ swap, before, after, kl }) => ({
      example: examples[swap.reference]!.taskIndex,
      donor: examples[swap.donor]!.taskIndex,
      before: [...before],
      after: [...after],
      divergence: kl,
    }));
}
