import { parseVerdicts, type ReadClaim, type ReadInterval, type ReadVerdicts } from "./parse-verdicts.ts";

/** What changed from one check to another, `filigree.diff/1`. */
export interface VerdictDiff {
  readonly format: "filigree.diff/1";
  /** Whether some claim that both have has another verdict. */
  readonly changed: boolean;
  /** One a `.circuit` file, in the order of the second document; files that only the first has come last. */
  readonly files: readonly FileDiff[];
}

export interface FileDiff {
  /** The name in each document; absent where only the other has the file. */
  readonly before?: string;
  readonly after?: string;
  readonly verdicts: readonly VerdictChange[];
  readonly added: readonly ListedClaim[];
  readonly removed: readonly ListedClaim[];
  /** Figures of claims that both have whose intervals do not meet, or that were measured only once. */
  readonly figures: readonly FigureChange[];
  /** What the verdicts depend on beside the claims, where it differs. */
  readonly run: readonly { readonly name: string; readonly before?: string; readonly after?: string }[];
  /** Claims that both have, with equal verdicts. */
  readonly unchanged: number;
}

export interface ListedClaim {
  readonly name: string;
  readonly text: string;
  readonly rival?: string;
  readonly verdict: string;
}

export interface VerdictChange {
  readonly name: string;
  readonly text: string;
  readonly rival?: string;
  readonly before: string;
  readonly after: string;
}

export interface FigureChange {
  readonly claim: string;
  readonly text: string;
  readonly figure: string;
  readonly before?: ReadInterval;
  readonly after?: ReadInterval;
}

/** The text of a verdict document, and the file that it comes from. */
export interface DocumentText {
  readonly text: string;
  readonly where: string;
}

/**
 * Compares two verdict documents, as `filigree check --json` prints them. Claims are the same when they say the same in
 * the same rival, or else when their author gave them the same name.
 *
 * @throws InputError where one is no verdict document.
 */
export function diffVerdicts(before: DocumentText, after: DocumentText): VerdictDiff {
  const [old, now] = [before, after].map(({ text, where }) => parseVerdicts(text, where)) as [
    ReadVerdicts[],
    ReadVerdicts[],
  ];
  const files = pairFiles(old, now).map(([a, b]) => diffFile(a, b));
  return { format: "filigree.diff/1", changed: files.some(({ verdicts }) => verdicts.length > 0), files };
}

/** Intervals so close to each other meet: figures without a width, such as freedom, differ a little with every draw. */
const NEAR = 0.005;

type Pair = readonly [ReadVerdicts | undefined, ReadVerdicts | undefined];

/** By name; one file against one is a pair whatever their names. */
function pairFiles(old: readonly ReadVerdicts[], now: readonly ReadVerdicts[]): Pair[] {
  if (old.length === 1 && now.length === 1) return [[old[0], now[0]]];
  const left = [...old];
  const pairs = now.map((b): Pair => {
    const at = left.findIndex(({ file }) => file === b.file);
    return [at === -1 ? undefined : left.splice(at, 1)[0], b];
  });
  return [...pairs, ...left.map((a): Pair => [a, undefined])];
}

function diffFile(a: ReadVerdicts | undefined, b: ReadVerdicts | undefined): FileDiff {
  const { both, removed, added } = pairClaims(a?.claims ?? [], b?.claims ?? []);
  const verdicts = both.flatMap(([x, y]): VerdictChange[] =>
    x.verdict === y.verdict ? [] : [{ ...about(y), before: x.verdict, after: y.verdict }],
  );
  return {
    ...(a && { before: a.file }),
    ...(b && { after: b.file }),
    verdicts,
    added: added.map((claim) => ({ ...about(claim), verdict: claim.verdict })),
    removed: removed.map((claim) => ({ ...about(claim), verdict: claim.verdict })),
    figures: both.flatMap(([x, y]) => figureChanges(x, y)),
    run: a && b ? runChanges(a.run, b.run) : [],
    unchanged: both.length - verdicts.length,
  };
}

function about({ name, text, rival }: ReadClaim): { name: string; text: string; rival?: string } {
  return { name, text, ...(rival !== undefined && { rival }) };
}

function pairClaims(old: readonly ReadClaim[], now: readonly ReadClaim[]) {
  const left = new Set(old);
  const pairs = new Map<ReadClaim, ReadClaim>();
  const pair = (same: (x: ReadClaim, y: ReadClaim) => boolean) => {
    for (const y of now) {
      if (pairs.has(y)) continue;
      const x = [...left].find((one) => one.rival === y.rival && same(one, y));
      if (!x) continue;
      pairs.set(y, x);
      left.delete(x);
    }
  };
  pair((x, y) => x.text === y.text && x.name === y.name);
  pair((x, y) => x.text === y.text);
  // `claim 3` is the third of its file: it says nothing about which claim it is.
  pair((x, y) => x.name === y.name && !/^claim \d+$/u.test(x.name));
  return {
    both: now.flatMap((y) => (pairs.has(y) ? [[pairs.get(y)!, y] as const] : [])),
    added: now.filter((y) => !pairs.has(y)),
    removed: [...left],
  };
}

function figureChanges(x: ReadClaim, y: ReadClaim): FigureChange[] {
  const names = new Set([...y.figures.keys(), ...x.figures.keys()]);
  return [...names].flatMap((figure): FigureChange[] => {
    const [before, after] = [x.figures.get(figure), y.figures.get(figure)];
    if (before && after && meet(before, after)) return [];
    const change = { claim: y.name, text: y.text, figure };
    return [{ ...change, ...(before && { before }), ...(after && { after }) }];
  });
}

/** Whether two intervals have a number in common. Of what was not measured nothing is known: it meets its like only. */
function meet(a: ReadInterval, b: ReadInterval): boolean {
  const [x, y] = [boundsOf(a), boundsOf(b)];
  if (!x || !y) return x === y;
  return x.low <= y.high + NEAR && y.low <= x.high + NEAR;
}

function boundsOf({ low, high }: ReadInterval): { low: number; high: number } | undefined {
  return low === null || high === null ? undefined : { low, high };
}

function runChanges(old: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): FileDiff["run"] {
  const names = new Set([...now.keys(), ...old.keys()]);
  return [...names].flatMap((name) => {
    const [before, after] = [old.get(name), now.get(name)];
    if (before === after) return [];
    return [{ name, ...(before !== undefined && { before }), ...(after !== undefined && { after }) }];
  });
}
