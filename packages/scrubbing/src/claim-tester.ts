import { randomStream, seed, type Model, type Seed } from "@filigree/core";
import type { Claim, Hypothesis, Statement } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import { measureCompetence, type Competence } from "./competence.ts";
import { drawDataset, type Dataset } from "./data/dataset.ts";
import { drawDonors } from "./data/donors.ts";
import type { ClaimVerdict, TraceLine, VerdictDocument, WorstSwap } from "./document.ts";
import { CleanRuns } from "./engine/clean-runs.ts";
import { pause } from "./engine/pause.ts";
import { runSwaps, type SwapOutcome } from "./engine/swaps.ts";
import { bootstrap, type Sample } from "./statistics/bootstrap.ts";
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

/** What a caller may watch of a check, and how to stop it. */
export interface Watch {
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined;
  readonly trace?: ((line: TraceLine) => void) | undefined;
  /** Stops the check between two batches: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What the verdict document says of where the check came from. */
export interface CheckOrigin {
  readonly file: string;
  /** sha256 of the file's text, in hexadecimal. */
  readonly fileHash: string;
  readonly backend: string;
}

/** How many of the worst swaps a claim shows. */
const WORST = 5;

/**
 * A checked hypothesis with the model and the data at hand. Its claims are independent of each other: they may be tested
 * in any order, and by several testers of the same file on several threads, and each comes out the same.
 */
export class ClaimTester {
  readonly #hypothesis: Hypothesis;
  readonly #model: Model;
  readonly #dataset: Dataset;
  readonly #clean: CleanRuns;
  readonly #competence: Competence;
  readonly #scale: Sample;
  readonly #seed: Seed;

  /** Draws the examples and runs the model on them, undisturbed. The model keeps no tensor of it. */
  constructor(hypothesis: Hypothesis, model: Model, task: Task, { onProgress }: Watch = {}) {
    const { claims, settings } = hypothesis;
    this.#hypothesis = hypothesis;
    this.#model = model;
    this.#seed = seed(settings.seed);
    this.#dataset = drawDataset(task, model, { split: settings.split, count: settings.examples, seed: this.#seed });
    onProgress?.({ claim: 0, claims: claims.length, name: "", rule: "clean runs", done: 0, of: 1 });
    this.#clean = new CleanRuns(model, this.#dataset);
    this.#competence = measureCompetence(this.#clean, settings.alpha);
    const random = randomStream(this.#seed, "scrubbing/scale");
    const donors = drawDonors(this.#dataset, { kind: "ANY" }, settings.donors, random);
    this.#scale = scaleSample(this.#clean, donors);
  }

  /** Number of claims. */
  get claims(): number {
    return this.#hypothesis.claims.length;
  }

  /** Tests one claim, counted from 0. */
  async test(index: number, watch: Watch = {}): Promise<ClaimVerdict> {
    const claim = this.#hypothesis.claims[index];
    if (!claim) throw new RangeError(`There are ${this.claims} claims, and claim ${index} is not among them.`);
    let forwardPasses = 0;
    const context = this.#contextOf(claim, index, watch, (sequences) => (forwardPasses += sequences));
    context.progress("donors", 0, 1);
    const problem = this.#problemOf(claim);
    const evidence = problem === undefined ? await check(context, claim.statement) : untestable(problem);
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
      worst: worstSwaps(evidence.invariant, this.#dataset),
      notes: evidence.notes,
      forwardPasses,
    };
  }

  /** Tests every claim, one after the other. */
  async testAll(watch: Watch = {}): Promise<ClaimVerdict[]> {
    const verdicts: ClaimVerdict[] = [];
    while (verdicts.length < this.claims) verdicts.push(await this.test(verdicts.length, watch));
    return verdicts;
  }

  /** The document of all claims' verdicts, in the order of the claims. */
  document(verdicts: readonly ClaimVerdict[], { file, fileHash, backend }: CheckOrigin): VerdictDocument {
    const { title, settings } = this.#hypothesis;
    const { task, examples } = this.#dataset;
    const { accuracy, loss } = this.#competence;
    return {
      format: "filigree.verdict/1",
      title,
      file,
      task: task.name,
      hashes: { file: fileHash, model: this.#model.hash, data: task.hash, engine: ENGINE_VERSION },
      backend,
      seed: settings.seed,
      settings,
      model: { accuracy: accuracy.estimate, accuracyLow: accuracy.low, loss, examples: examples.length },
      claims: verdicts,
      met: verdicts.every(({ met }) => met),
    };
  }

  /** Why no swap could tell anything about a claim, if so. */
  #problemOf({ statement }: Claim): string | undefined {
    if (this.#scale.values.every((value) => value < 1e-12)) {
      return "the model answers every example alike: there is nothing to explain";
    }
    return statement.kind === "ignores" ? undefined : this.#competence.problem;
  }

  #contextOf(claim: Claim, index: number, watch: Watch, count: (sequences: number) => void): ClaimContext {
    const clean = this.#clean;
    const dataset = this.#dataset;
    const { settings, claims } = this.#hypothesis;
    // By what the claim says: its name, its place and the claims beside it must not change its figures.
    const random = (name: string) => randomStream(this.#seed, `scrubbing/${claim.text}/${name}`);
    const progress = (rule: string, done: number, of: number) =>
      watch.onProgress?.({ claim: index + 1, claims: claims.length, name: claim.text, rule, done, of });
    const ran = async (sequences: number) => {
      count(sequences);
      await pause(watch.signal);
    };
    return {
      clean,
      dataset,
      settings,
      scale: this.#scale,
      random,
      progress,
      ran,
      async run(rule, swaps, options) {
        progress(rule, 0, swaps.length);
        const outcomes = await runSwaps(clean, swaps, {
          ...options,
          async onBatch(sequences, done, of) {
            progress(rule, done, of);
            await ran(sequences);
          },
        });
        if (watch.trace) for (const outcome of outcomes) watch.trace(swapLine(claim, rule, outcome, dataset));
        return outcomes;
      },
      trace(rule, outcomes, replaced) {
        if (!watch.trace) return;
        for (const outcome of outcomes) watch.trace(circuitLine(claim, rule, outcome, replaced, dataset));
      },
      interval: (name, samples, figure) =>
        bootstrap(samples, figure, {
          clusters: dataset.clusters,
          alpha: settings.alpha,
          random: random(`bootstrap/${name}`),
        }),
    };
  }
}

function check(context: ClaimContext, statement: Statement): Promise<Evidence> {
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
