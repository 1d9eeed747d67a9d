import { randomStream, seed, type Model, type Seed } from "@filigree/core";
import type { Claim, Hypothesis, Statement } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import { claimData, wholeData, type ClaimData } from "./claim-data.ts";
import type { Competence } from "./competence.ts";
import { leftOutNotes } from "./data/extend-task.ts";
import { drawDataset, type Dataset } from "./data/dataset.ts";
import { drawDonors } from "./data/donors.ts";
import type { ClaimVerdict, TraceLine, VerdictDocument, WorstSwap } from "./document.ts";
import { evaluator } from "./data/evaluate.ts";
import { CleanRuns } from "./engine/clean-runs.ts";
import { pause } from "./engine/pause.ts";
import { NullControls } from "./null-controls.ts";
import { SwapRunner } from "./engine/run-swaps.ts";
import type { SwapOutcome } from "./engine/swaps.ts";
import { unitedClaims } from "./interpretation/graph.ts";
import { bootstrap, Resamples } from "./statistics/bootstrap.ts";
import { SharedWork } from "./shared-work.ts";
import { sitesOf } from "./report/claim-sites.ts";
import type { ClaimDetails } from "./report/details.ts";
import { RuleLog } from "./report/rule-log.ts";
import { SwapTexts } from "./report/shown-swap.ts";
import { NonzeroWeights } from "./static/nonzero-weights.ts";
import { proveStatement } from "./static/prove.ts";
import { checkStatement } from "./statements/check-statement.ts";
import { proven, untestable, type ClaimContext, type Evidence } from "./statements/evidence.ts";
import { wholeDistances } from "./statements/swap-figures.ts";
import { circuitLine, swapLine } from "./trace.ts";
import type { ClaimPlan, PlanDocument } from "./plan/plan-document.ts";
import { PlanLog } from "./plan/plan-log.ts";
import { ENGINE_VERSION } from "./version.ts";
import { boundsOf, decide, meets } from "./verdict.ts";
import { withVerdicts } from "./with-verdicts.ts";

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
  /** Called once a claim, when it is tested: what a report shows beside the verdict. */
  readonly onDetails?: ((details: ClaimDetails) => void) | undefined;
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

/** What makes one tester cheaper than another. */
export interface TesterOptions {
  /** Whether positive claims are tried on untrained weights and nonsense answers too; true where left out. */
  readonly nulls?: boolean;
  /** What it has in common with other testers; nothing, where left out. Its owner disposes of it, after the testers. */
  readonly shared?: SharedWork | undefined;
}

/** Examples of a control on untrained weights or nonsense answers: most fail already at the competence gate. */
const NULL_EXAMPLES = 128;

/**
 * A checked hypothesis with the model and the data at hand. Its claims are independent of each other: they may be tested
 * in any order, and by several testers of the same file on several threads, and each comes out the same. What it keeps
 * between claims is freed by `dispose`, the model by its owner.
 */
export class ClaimTester {
  readonly #hypothesis: Hypothesis;
  readonly #model: Model;
  readonly #dataset: Dataset;
  readonly #clean: CleanRuns;
  readonly #runner: SwapRunner;
  readonly #data: ClaimData;
  readonly #seed: Seed;
  readonly #weights: NonzeroWeights;
  readonly #resamples: Resamples;
  /** Undefined in a tester that is itself a control. */
  readonly #nulls: NullControls | undefined;

  /**
   * Draws the examples and runs the model on them, undisturbed. The model keeps no tensor of it.
   *
   * @throws InputError where the split has no examples.
   */
  constructor(
    hypothesis: Hypothesis,
    model: Model,
    task: Task,
    { onProgress, nulls = true, shared = new SharedWork() }: Watch & TesterOptions = {},
  ) {
    const { claims, settings } = hypothesis;
    this.#hypothesis = hypothesis;
    this.#model = model;
    this.#weights = new NonzeroWeights(model);
    this.#seed = seed(settings.seed);
    this.#dataset = drawDataset(task, model, { split: settings.split, count: settings.examples, seed: this.#seed });
    onProgress?.({ claim: 0, claims: claims.length, name: "", rule: "clean runs", done: 0, of: 1 });
    this.#clean = nulls
      ? shared.cleanRuns(model, this.#dataset)
      : new CleanRuns(model, this.#dataset, { ahead: false });
    this.#runner = new SwapRunner(this.#clean);
    this.#resamples = new Resamples(this.#dataset.clusters, randomStream(this.#seed, "scrubbing/bootstrap"));
    const random = randomStream(this.#seed, "scrubbing/scale");
    const donors = drawDonors(this.#dataset, { kind: "ANY" }, settings.donors, random);
    this.#data = wholeData(this.#clean, wholeDistances(this.#clean, donors), settings.alpha);
    if (!nulls) return;
    const few = { ...hypothesis, settings: { ...settings, examples: Math.min(settings.examples, NULL_EXAMPLES) } };
    this.#nulls = new NullControls(model, task, this.#seed, {
      open: (other, variant) => new ClaimTester(few, other, variant, { nulls: false }),
      competence: (name, variant, measure) => {
        const { split, examples: count, alpha } = few.settings;
        const dataset = drawDataset(variant, model, { split, count, seed: this.#seed });
        return shared.competence(`${name} ${alpha} ${this.#seed}`, model, dataset, measure);
      },
    });
  }

  /** Frees the tensors that are kept from one claim to the next. */
  dispose(): void {
    this.#runner.dispose();
  }

  /** How well the model does the task. */
  get competence(): Competence {
    return this.#data.competence;
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
    const log = watch.onDetails && new RuleLog(new SwapTexts(this.#model, this.#dataset));
    const context = this.#contextOf(claim, index, watch, log, (sequences) => (forwardPasses += sequences));
    context.progress("donors", 0, 1);
    const evidence = await this.#evidenceOf(claim, index, context);
    const { verdict, why, p } = decide(evidence, this.#hypothesis.settings.alpha);
    const worst = worstOf(evidence.invariant);
    if (log) watch.onDetails?.(detailsOf(claim, log, worst));
    return {
      name: claim.name,
      text: claim.text,
      line: claim.line,
      verdict,
      expected: claim.expected,
      met: meets(verdict, claim),
      proven: evidence.proof !== undefined,
      ...(p !== undefined && { p }),
      ...(claim.rival !== undefined && { rival: claim.rival }),
      why,
      figures: evidence.figures,
      bounds: boundsOf(evidence),
      controls: evidence.controls,
      worst: worst.map((outcome) => worstSwap(outcome, this.#dataset)),
      notes: [...leftOutNotes(this.#dataset.task), ...evidence.notes],
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
    const { accuracy, loss } = this.#data.competence;
    const document: VerdictDocument = {
      format: "filigree.verdict/1",
      title,
      file,
      task: task.name,
      hashes: { file: fileHash, model: this.#model.hash, data: task.hash, engine: ENGINE_VERSION },
      backend,
      seed: settings.seed,
      settings,
      model: { accuracy: accuracy.estimate, accuracyLow: accuracy.low, loss, examples: examples.length },
      claims: [],
      met: true,
    };
    return withVerdicts(document, verdicts);
  }

  /** What every claim compiles to: the code of the check, run dry. Nulls on other models and data are left out. */
  async explain({ file }: CheckOrigin): Promise<PlanDocument> {
    const { title, claims } = this.#hypothesis;
    const { task, examples } = this.#dataset;
    const plans: ClaimPlan[] = [];
    const different = new Set<string>();
    for (const [index, claim] of claims.entries()) {
      const log = new PlanLog(this.#dataset);
      const counted = new Set<string>();
      const context: ClaimContext = {
        ...this.#contextOf(claim, index, {}, undefined, (sequences) => log.addPasses(sequences)),
        dry: true,
        run: (rule, swaps, options = {}) => {
          const dry = this.#runner.runDry(swaps, { ...options, normsHeld: claim.normsHeld, counted });
          log.addSwaps(rule, swaps, dry.counts);
          return Promise.resolve(dry.outcomes);
        },
        trace: (rule, outcomes, replaced) => log.addCircuits(rule, outcomes, replaced),
        interval: () => ({ estimate: 0, low: 0, high: 0, n: 0 }),
      };
      const { proof, untestable } = await this.#evidenceOf(claim, index, context);
      plans.push(log.plan(claim, proof ? `proven: ${proof.why}` : untestable && `untestable: ${untestable}`));
      for (const key of counted) different.add(key);
    }
    const forwardPasses = plans.reduce((sum, { furtherPasses }) => sum + furtherPasses, different.size);
    return {
      format: "filigree.plan/1",
      title,
      file,
      task: task.name,
      examples: examples.length,
      forwardPasses,
      claims: plans,
    };
  }

  async #evidenceOf(claim: Claim, index: number, context: ClaimContext): Promise<Evidence> {
    const { statement } = claim;
    const proof = proveStatement(this.#weights, this.#dataset.examples.filter(context.isReference), statement);
    if (proof) return proven(proof);
    const problem = problemOf(statement, context);
    if (problem !== undefined) return untestable(problem);
    const evidence = await checkStatement(context, statement);
    if (!isPositive(statement) || evidence.untestable !== undefined || !this.#nulls || context.dry) return evidence;
    // Reported only: in a compiled model the zeros alone may be the circuit, and other weights in the same places do it too.
    return { ...evidence, controls: [...evidence.controls, ...(await this.#nulls.controls(index))] };
  }

  #contextOf(
    claim: Claim,
    index: number,
    watch: Watch,
    log: RuleLog | undefined,
    count: (sequences: number) => void,
  ): ClaimContext {
    const [clean, runner] = [this.#clean, this.#runner];
    const counted = new Set<string>();
    const { settings, claims } = this.#hypothesis;
    const valueOf = evaluator(this.#model);
    const data = claimData(claim, this.#data, clean, valueOf, settings.alpha);
    const { dataset } = data;
    // By what the claim says, for `circuit` with the claims that it unites: its name, its place and the claims beside it must not change its figures.
    const united = unitedClaims(claim, claims);
    const said = [claim.text, ...united.map(({ text }) => text)].join("\n");
    const random = (name: string) => randomStream(this.#seed, `scrubbing/${said}/${name}`);
    const progress = (rule: string, done: number, of: number) =>
      watch.onProgress?.({ claim: index + 1, claims: claims.length, name: claim.text, rule, done, of });
    const ran = async (sequences: number) => {
      count(sequences);
      await pause(watch.signal);
    };
    return {
      ...data,
      clean,
      settings,
      valueOf,
      normsHeld: claim.normsHeld,
      united,
      random,
      progress,
      ran,
      async run(rule, swaps, options = {}) {
        progress(rule, 0, swaps.length);
        const outcomes = await runner.run(swaps, {
          ...options,
          normsHeld: claim.normsHeld,
          counted,
          async onBatch(sequences, done, of) {
            progress(rule, done, of);
            await ran(sequences);
          },
        });
        log?.addSwaps(rule, outcomes);
        if (watch.trace) for (const outcome of outcomes) watch.trace(swapLine(claim, rule, outcome, dataset));
        return outcomes;
      },
      trace(rule, outcomes, replaced, cut = []) {
        log?.addCircuits(rule, outcomes);
        if (!watch.trace) return;
        for (const outcome of outcomes) watch.trace(circuitLine(claim, rule, outcome, replaced, cut, dataset));
      },
      interval: (samples, figure) => bootstrap(samples, figure, { resamples: this.#resamples, alpha: settings.alpha }),
    };
  }
}

/** Whether a statement says that something happens: such claims need a model that does the task, and have nulls. */
function isPositive({ kind }: Statement): boolean {
  return kind !== "ignores" && kind !== "does not affect";
}

/** Why no swap could tell anything about a claim, if so. */
function problemOf(statement: Statement, { distances, competence }: ClaimData): string | undefined {
  const elsewhere = statement.kind === "does not affect" && statement.to.every(({ site }) => site !== "logits");
  if (!elsewhere && distances.every(({ value }) => value < 1e-12)) {
    return "the model answers every example alike: there is nothing to explain";
  }
  return isPositive(statement) ? competence.problem : undefined;
}

function detailsOf(claim: Claim, log: RuleLog, worst: readonly SwapOutcome[]): ClaimDetails {
  const { name, column, rival, statement } = claim;
  return {
    claim: name,
    kind: statement.kind,
    column,
    ...(rival !== undefined && { rival }),
    sites: sitesOf(statement),
    rules: log.details(),
    worst: log.show(worst),
  };
}

function worstOf(outcomes: readonly SwapOutcome[]): SwapOutcome[] {
  return [...outcomes]
    .filter(({ kl }) => kl > 0)
    .sort((a, b) => b.kl - a.kl || a.swap.reference - b.swap.reference || a.swap.donor - b.swap.donor)
    .slice(0, WORST);
}

function worstSwap({ swap, before, after, kl }: SwapOutcome, { examples }: Dataset): WorstSwap {
  return {
    example: examples[swap.reference]!.taskIndex,
    donor: examples[swap.donor]!.taskIndex,
    before: [...before],
    after: [...after],
    divergence: kl,
  };
}
