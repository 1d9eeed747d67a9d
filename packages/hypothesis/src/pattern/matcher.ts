import { InputError } from "@filigree/sites";
import type { TokenPattern } from "../hypothesis.ts";
import { parseRegex } from "./parse-regex.ts";
import type { CharacterSet, RegexTree } from "./regex-tree.ts";

/** One state of the machine; `next` and `other` index the states. */
type State =
  | { readonly kind: "character"; readonly set: CharacterSet; next: number }
  | { readonly kind: "start" | "end"; next: number }
  | { readonly kind: "fork"; next: number; other: number }
  | { readonly kind: "found" };

/**
 * Whether a token's text matches: is exactly the pattern's text, or holds what the regular expression describes.
 *
 * @throws InputError for a regular expression that `checkCircuit` would have refused.
 */
export function matcherOf(pattern: TokenPattern): (text: string) => boolean {
  if (pattern.kind === "exactly") return (text) => text === pattern.text;
  const read = parseRegex(pattern.source);
  if ("fault" in read) throw new InputError({ what: read.fault.message, where: `/${pattern.source}/` });
  const states = compile(read.tree);
  return (text) => finds(states, text);
}

/**
 * Thompson's construction (Regular Expression Search Algorithm, 1968). The last state is the first to be entered.
 */
function compile(whole: RegexTree): readonly State[] {
  const states: State[] = [{ kind: "found" }];
  /** Adds the states of a tree that goes on to `next`; gives the state to enter by. */
  const add = (tree: RegexTree, next: number): number => {
    switch (tree.kind) {
      case "character":
        return states.push({ kind: "character", set: tree.set, next }) - 1;
      case "sequence":
        return tree.parts.reduceRight((after, part) => add(part, after), next);
      case "choice":
        return tree.options
          .map((option) => add(option, next))
          .reduceRight((other, entry) => states.push({ kind: "fork", next: entry, other }) - 1);
      case "repeat":
        return repeat(tree, next);
      default:
        return states.push({ kind: tree.kind, next }) - 1;
    }
  };
  const repeat = ({ of, least, most }: RegexTree & { kind: "repeat" }, next: number): number => {
    let entry = next;
    if (most === Infinity) {
      const fork = { kind: "fork" as const, next: 0, other: next };
      entry = states.push(fork) - 1;
      fork.next = add(of, entry);
    } else {
      for (let i = least; i < most; i++) entry = states.push({ kind: "fork", next: add(of, entry), other: next }) - 1;
    }
    for (let i = 0; i < least; i++) entry = add(of, entry);
    return entry;
  };
  const first = add(whole, 0);
  // A fork of one way, so that the entry is always last.
  states.push({ kind: "fork", next: first, other: first });
  return states;
}

/** Follows all ways at once, one character at a time: time is at most the text's length × the number of states. */
function finds(states: readonly State[], text: string): boolean {
  const entered = new Int32Array(states.length).fill(-1);
  let current: number[] = [];
  /** Enters a state and all that are reached from it without reading. True where the end of the pattern is. */
  const enter = (state: number, at: number, list: number[]): boolean => {
    const open = [state];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (entered[next] === at) continue;
      entered[next] = at;
      const here = states[next]!;
      if (here.kind === "found") return true;
      if (here.kind === "fork") open.push(here.other, here.next);
      else if (here.kind === "character") list.push(next);
      else if (here.kind === "start" ? at === 0 : at === text.length) open.push(here.next);
    }
    return false;
  };
  for (let at = 0; ;) {
    if (enter(states.length - 1, at, current)) return true;
    if (at >= text.length) return false;
    const point = text.codePointAt(at)!;
    const after = at + (point > 0xffff ? 2 : 1);
    const list: number[] = [];
    for (const index of current) {
      const state = states[index] as State & { kind: "character" };
      if (holds(state.set, point) && enter(state.next, after, list)) return true;
    }
    current = list;
    at = after;
  }
}

function holds({ ranges, negated }: CharacterSet, point: number): boolean {
  return ranges.some(([from, to]) => point >= from && point <= to) !== negated;
}
