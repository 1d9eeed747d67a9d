/** Trials that run with one share of the budget. */
export interface Rung {
  readonly trials: number;
  /** Each has the budget divided by this. */
  readonly divisor: number;
}

/** The best third goes on, with three times the budget. */
const FACTOR = 3;

/** At most so many times: with a smaller share of the budget, runs say little about how they would end. */
const HALVINGS = 2;

/**
 * Successive halving (Jamieson and Talwalkar 2016), with thirds in place of halves as in Li et al. 2018: all trials run
 * with a ninth of the budget, the best third of them with a third, the best third of these with all of it. Each rung
 * costs the same. Fewer than nine trials start with a third of the budget, fewer than three with all of it.
 */
export function planRungs(trials: number): Rung[] {
  if (trials === 0) return [];
  const halvings = Math.min(HALVINGS, Math.floor(Math.log(trials + 0.5) / Math.log(FACTOR)));
  return Array.from({ length: halvings + 1 }, (_, rung) => ({
    trials: Math.floor(trials / FACTOR ** rung),
    divisor: FACTOR ** (halvings - rung),
  }));
}
