import { stateCount, type CharacterSet, type RegexFault, type RegexTree } from "./regex-tree.ts";

/** More would make even one pass slow; no pattern over a token comes near. */
const MOST_STATES = 2000;
const MOST_REPEATS = 100;
const DEEPEST = 50;

/**
 * Reads a regular expression: letters, `.`, classes `[a-z]` `[^a-z]`, groups, `|`, `* + ? {m,n}`, `^ $`, and the
 * escapes `\d \w \s \n \t \r`, their capitals, and `\` before a sign. Back references and looking around are left
 * out: they cannot be matched in one pass.
 */
export function parseRegex(source: string): { tree: RegexTree } | { fault: RegexFault } {
  try {
    const tree = new RegexReader(source).read();
    const states = stateCount(tree);
    if (states > MOST_STATES) {
      const message = `the pattern is too large: written out it has ${states} parts`;
      return { fault: { message, hint: `at most ${MOST_STATES}`, start: 0, end: source.length } };
    }
    return { tree };
  } catch (error) {
    if (error instanceof Fault) return { fault: error.fault };
    throw error;
  }
}

class Fault extends Error {
  readonly fault: RegexFault;
  constructor(fault: RegexFault) {
    super(fault.message);
    this.fault = fault;
  }
}

class RegexReader {
  readonly #source: string;
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
  }

  read(): RegexTree {
    const tree = this.#choice();
    // Only a bracket that nothing opened stops the reading early.
    if (this.#at < this.#source.length) this.#fail("this ) closes nothing", 1, "write \\) for the sign itself");
    return tree;
  }

  #choice(): RegexTree {
    const options = [this.#sequence()];
    while (this.#take("|")) options.push(this.#sequence());
    return options.length === 1 ? options[0]! : { kind: "choice", options };
  }

  #sequence(): RegexTree {
    const parts: RegexTree[] = [];
    while (this.#at < this.#source.length && !this.#sees("|") && !this.#sees(")")) parts.push(this.#repeated());
    return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
  }

  #repeated(): RegexTree {
    const start = this.#at;
    const tree = this.#atom();
    const bounds = this.#bounds();
    if (bounds === undefined) return tree;
    if (tree.kind === "start" || tree.kind === "end") {
      this.#at = start;
      this.#fail("an edge of the text cannot be repeated", 1);
    }
    if (this.#sees("?") || this.#sees("+") || this.#sees("*")) {
      const hint = "a pattern only asks whether a text matches, so greed makes no difference";
      this.#fail("two signs of repetition in a row", 1, hint);
    }
    return { kind: "repeat", of: tree, least: bounds[0], most: bounds[1] };
  }

  #bounds(): [number, number] | undefined {
    if (this.#take("*")) return [0, Infinity];
    if (this.#take("+")) return [1, Infinity];
    if (this.#take("?")) return [0, 1];
    if (!this.#sees("{")) return undefined;
    const [whole, least, range, most] = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(this.#source.slice(this.#at)) ?? [];
    if (whole === undefined)
      return this.#fail("{ begins a number of repetitions", 1, "{2}, {2,} or {2,5}; write \\{ for the sign");
    const from = Number(least);
    const to = range === undefined ? from : most === "" ? Infinity : Number(most);
    if (from > to) this.#fail("the numbers run backwards", whole.length);
    if (from > MOST_REPEATS || (to !== Infinity && to > MOST_REPEATS)) {
      this.#fail(`at most ${MOST_REPEATS} repetitions can be counted`, whole.length);
    }
    this.#at += whole.length;
    return [from, to];
  }

  #atom(): RegexTree {
    if (this.#take("^")) return { kind: "start" };
    if (this.#take("$")) return { kind: "end" };
    if (this.#take(".")) return { kind: "character", set: { ranges: LINE_ENDS, negated: true } };
    if (this.#take("(")) return this.#group();
    if (this.#take("[")) return { kind: "character", set: this.#class() };
    if (this.#sees("*") || this.#sees("+") || this.#sees("?")) {
      this.#fail("there is nothing to repeat", 1, `write \\${this.#source[this.#at]} for the sign itself`);
    }
    if (this.#sees("{")) this.#fail("there is nothing to repeat", 1, "write \\{ for the sign itself");
    if (this.#take("\\")) return { kind: "character", set: this.#escape() };
    return { kind: "character", set: single(this.#next()) };
  }

  #group(): RegexTree {
    const opening = this.#at - 1;
    if (this.#sees("?") && !this.#take("?:")) {
      this.#fail("patterns do not look around or name groups", 2, "groups are written ( ) or (?: )");
    }
    if (++this.#depth > DEEPEST) this.#fail(`more than ${DEEPEST} groups are open here`, 1);
    const tree = this.#choice();
    this.#depth--;
    if (!this.#take(")")) {
      this.#at = opening;
      this.#fail("this ( is not closed", 1, "write \\( for the sign itself");
    }
    return tree;
  }

  /** After `[`. */
  #class(): CharacterSet {
    const opening = this.#at - 1;
    const negated = this.#take("^");
    const ranges: (readonly [number, number])[] = [];
    while (!this.#take("]")) {
      if (this.#at >= this.#source.length) {
        this.#at = opening;
        this.#fail("this [ is not closed", 1, "write \\[ for the sign itself");
      }
      const start = this.#at;
      const first = this.#member();
      if (!this.#sees("-") || this.#source[this.#at + 1] === "]" || this.#at + 1 >= this.#source.length) {
        ranges.push(...first);
        continue;
      }
      this.#take("-");
      const last = this.#member();
      const [from, to] = [first[0]![0], last[0]![1]];
      if (!isOne(first) || !isOne(last) || from > to) {
        const length = this.#at - start;
        this.#at = start;
        this.#fail("this is not a range", length, "a range runs from one character to a later one: a-z");
      }
      ranges.push([from, to]);
    }
    return { ranges, negated };
  }

  #member(): CharacterSet["ranges"] {
    if (!this.#take("\\")) return single(this.#next()).ranges;
    const { ranges, negated } = this.#escape();
    return negated ? complement(ranges) : ranges;
  }

  /** After a backslash. */
  #escape(): CharacterSet {
    const letter = this.#source[this.#at];
    if (letter === undefined) {
      this.#at--;
      return this.#fail("a backslash at the end stands before nothing", 1, "write \\\\ for the sign itself");
    }
    const known = CLASSES.get(letter.toLowerCase());
    if (known !== undefined) {
      this.#at++;
      return { ranges: known, negated: letter !== letter.toLowerCase() };
    }
    const control = CONTROLS.get(letter);
    if (control !== undefined) {
      this.#at++;
      return single(control);
    }
    if (/[A-Za-z0-9]/.test(letter)) {
      this.#at--;
      const hint = "it has \\d \\w \\s \\D \\W \\S \\n \\t \\r and a backslash before a sign";
      return this.#fail(`\\${letter} is not part of patterns`, 2, hint);
    }
    return single(this.#next());
  }

  #next(): number {
    const point = this.#source.codePointAt(this.#at)!;
    this.#at += point > 0xffff ? 2 : 1;
    return point;
  }

  #sees(text: string): boolean {
    return this.#source.startsWith(text, this.#at);
  }

  #take(text: string): boolean {
    if (!this.#sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  #fail(message: string, length: number, hint?: string): never {
    const end = Math.min(this.#source.length, this.#at + length);
    throw new Fault({ message, ...(hint !== undefined && { hint }), start: this.#at, end });
  }
}

const LINE_ENDS: CharacterSet["ranges"] = [
  [0x0a, 0x0a],
  [0x0d, 0x0d],
];
const CLASSES = new Map<string, CharacterSet["ranges"]>([
  ["d", [[0x30, 0x39]]],
  [
    "w",
    [
      [0x30, 0x39],
      [0x41, 0x5a],
      [0x5f, 0x5f],
      [0x61, 0x7a],
    ],
  ],
  [
    "s",
    [
      [0x09, 0x0d],
      [0x20, 0x20],
      [0xa0, 0xa0],
      [0x2028, 0x2029],
    ],
  ],
]);
const CONTROLS = new Map([
  ["n", 0x0a],
  ["t", 0x09],
  ["r", 0x0d],
]);

function single(point: number): CharacterSet {
  return { ranges: [[point, point]], negated: false };
}

function isOne(ranges: CharacterSet["ranges"]): boolean {
  return ranges.length === 1 && ranges[0]![0] === ranges[0]![1];
}

/** All code points outside ranges that ascend. */
function complement(ranges: CharacterSet["ranges"]): CharacterSet["ranges"] {
  const gaps: (readonly [number, number])[] = [];
  let next = 0;
  for (const [from, to] of ranges) {
    if (from > next) gaps.push([next, from - 1]);
    next = to + 1;
  }
  return [...gaps, [next, 0x10ffff]];
}
