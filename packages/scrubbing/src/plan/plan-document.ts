/** What a file would be checked with, `filigree.plan/1`: found by a dry run, which disturbs no run of the model. */
export interface PlanDocument {
  readonly format: "filigree.plan/1";
  readonly title: string;
  readonly file: string;
  readonly task: string;
  /** How many examples were drawn: the references, and the donors of each other. */
  readonly examples: number;
  /** Sequences that go through the model, or a part of it, in all. Swaps that several claims run are counted once. */
  readonly forwardPasses: number;
  readonly claims: readonly ClaimPlan[];
}

/** What one statement compiles to. */
export interface ClaimPlan {
  readonly name: string;
  readonly text: string;
  readonly line: number;
  /** Why nothing would be run: what the weights prove, or what the data lacks. */
  readonly settled?: string;
  /** In the order in which they would be run. */
  readonly rules: readonly RulePlan[];
  /** Sequences that go through the model beside the rules' swaps: random circuits, runs of their donors, ablations. */
  readonly furtherPasses: number;
  /** Sequences that go through the model, or a part of it, in all. Swaps that other claims run too are counted. */
  readonly forwardPasses: number;
  /** The claim is searched for what speaks against it, and how far that goes hangs on what is found: there may be more. */
  readonly searches?: true;
}

/** The swaps under one rule. */
export interface RulePlan {
  /** `EQ(quote type)`, `ANY`, `SELF` … as the trace names it. */
  readonly rule: string;
  readonly swaps: number;
  /** Number of different references and of different donors. */
  readonly references: number;
  readonly donors: number;
  /** The fewest and the most donors of a reference. */
  readonly donorsEach: readonly [number, number];
  /** Swaps that write what is there: they are not run. */
  readonly identical: number;
  /** Swaps that must be run: of those that do the same to the same reference, one. */
  readonly different: number;
  /** Of these, how many no rule before had run. */
  readonly fresh: number;
  readonly writes: readonly WritePlan[];
}

/** What the swaps of a rule write at a site. */
export interface WritePlan {
  readonly site: string;
  /** The fewest and the most channels that one write replaces; all of them, where the rule replaces whole vectors. */
  readonly channels: "all" | readonly [number, number];
  /** The fewest and the most tokens of a swap that are written there. */
  readonly tokens: readonly [number, number];
  /** A path write: the rows of this site alone see what is written. */
  readonly receiver?: string;
}
