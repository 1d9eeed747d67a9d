import { BudgetError, PrunerError } from "../run/pruner-error.ts";
import type { BestTrial, SearchCheckpoint, SearchIdentity } from "./checkpoint.ts";
import type { Rung } from "./rungs.ts";
import { compareRuns, runOf, type Trial, type TrialOutcome, type TrialRun } from "./trial.ts";

/** Runs trials, in any order or at once. They are independent: {@link runTrial} runs one. */
export type TrialRunner = (trials: readonly Trial[], watch: TrialWatch) => Promise<void>;

/** Where a runner says what became of its trials, counted in the order in which it got them. */
export interface TrialWatch {
  /** The share of a trial that is done, 0 to 1. */
  onProgress(index: number, share: number): void;
  /** To be called once for each trial. */
  onDone(index: number, outcome: TrialOutcome): void;
}

export interface SearchProgress {
  /** Runs that are over, and all that there will be. A trial that goes on runs once a rung. */
  readonly done: number;
  readonly of: number;
  /** The rung at work, counted from 0, and how many there are. */
  readonly rung: number;
  readonly rungs: number;
  /** Share of the whole work that is done, 0 to 1. */
  readonly share: number;
  /** The best run so far, with whatever budget. */
  readonly best: TrialRun | undefined;
  checkpoint(): SearchCheckpoint;
}

interface Watched {
  readonly onProgress?: (progress: SearchProgress) => void;
  readonly resume?: SearchCheckpoint;
}

/** What is known of a search so far. */
export class SearchRecord {
  readonly #identity: SearchIdentity;
  readonly #rungs: readonly Rung[];
  readonly #onProgress: Watched["onProgress"];
  readonly #runs: TrialRun[];
  #best: BestTrial | null;
  /** The best run with whatever budget. */
  #leader: TrialRun | undefined;
  /** What the first trial failed with, if it did so in this process. */
  #failure: Error | undefined;

  constructor(identity: SearchIdentity, rungs: readonly Rung[], { onProgress, resume }: Watched) {
    this.#identity = identity;
    this.#rungs = rungs;
    this.#onProgress = onProgress;
    this.#runs = [...(resume?.runs ?? [])];
    this.#best = resume?.best ?? null;
    this.#leader = this.#runs.toSorted(compareRuns)[0];
  }

  get lastRung(): number {
    return Math.max(0, this.#rungs.length - 1);
  }

  /** Runs those of the trials that are not over yet. @returns all of them, in order */
  async run(run: TrialRunner, rung: number, trials: readonly Trial[]): Promise<TrialRun[]> {
    const open = trials.filter((trial) => !this.#find(trial));
    const shares = open.map(() => 0);
    const report = () => this.#report(rung, open, shares);
    const watch: TrialWatch = {
      onProgress: (index, share) => {
        shares[index] = share;
        report();
      },
      onDone: (index, outcome) => {
        shares[index] = 0;
        this.#add(open[index]!, outcome);
        report();
      },
    };
    if (open.length > 0) await run(open, watch);
    return trials.map((trial) => {
      const done = this.#find(trial);
      if (!done) throw new Error(`The runner left out trial ${trial.trial}.`);
      return done;
    });
  }

  /** The work that a trial took. @throws PrunerError where it failed */
  workOf(trial: Trial): number {
    const done = this.#find(trial)!;
    if ("failure" in done) throw this.#fault();
    return done.used;
  }

  /** All runs that are over, by rung and then by trial. */
  runs(): TrialRun[] {
    return this.#runs.toSorted((a, b) => a.rung - b.rung || a.trial - b.trial);
  }

  /** Every trial as it was on its last rung, the best first. */
  trials(): TrialRun[] {
    const last = new Map(this.runs().map((run) => [run.trial, run]));
    return [...last.values()].sort((a, b) => b.rung - a.rung || compareRuns(a, b));
  }

  /** @throws PrunerError where every run with the whole budget failed, or BudgetError where it is too small for all */
  best(): BestTrial {
    if (this.#best) return this.#best;
    throw this.#fault();
  }

  /** What the runs with the whole budget failed with. */
  #fault(): PrunerError | BudgetError {
    const { pruner, budget } = this.#identity;
    const failures = this.runs().flatMap((run) => (run.rung === this.lastRung && "failure" in run ? [run] : []));
    const fault = failures.find(({ overBudget }) => !overBudget);
    if (!fault && budget !== null) return new BudgetError(pruner, budget, "in every trial");
    const what = `failed in every trial with the whole budget: ${fault?.failure ?? ""}`;
    return new PrunerError(pruner, what, this.#failure);
  }

  #find({ trial, rung }: Trial): TrialRun | undefined {
    return this.#runs.find((run) => run.trial === trial && run.rung === rung);
  }

  #add(trial: Trial, outcome: TrialOutcome): void {
    const run = runOf(trial, outcome);
    this.#runs.push(run);
    if (!this.#leader || compareRuns(run, this.#leader) < 0) this.#leader = run;
    if ("failure" in outcome) {
      if (trial.trial === 0 && !outcome.overBudget) this.#failure = outcome.failure;
    } else if (trial.rung === this.lastRung && (!this.#best || compareRuns(run, this.#best.run) < 0)) {
      this.#best = { run, result: outcome.result };
    }
  }

  #report(rung: number, open: readonly Trial[], shares: readonly number[]): void {
    // The first trial is one more with the whole budget.
    const weight = (trial: Trial) => 1 / (this.#rungs[trial.rung]?.divisor ?? 1);
    const whole = this.#rungs.reduce((sum, { trials, divisor }) => sum + trials / divisor, 1);
    const done = this.#runs.reduce((sum, run) => sum + weight(run), 0);
    const begun = open.reduce((sum, trial, i) => sum + shares[i]! * weight(trial), 0);
    this.#onProgress?.({
      done: this.#runs.length,
      of: this.#rungs.reduce((sum, { trials }) => sum + trials, 1),
      rung,
      rungs: Math.max(1, this.#rungs.length),
      share: Math.min(1, (done + begun) / whole),
      best: this.#leader,
      checkpoint: () => structuredClone(this.#checkpoint()),
    });
  }

  #checkpoint(): SearchCheckpoint {
    return { format: "filigree.search/1", search: this.#identity, runs: this.#runs, best: this.#best };
  }
}
