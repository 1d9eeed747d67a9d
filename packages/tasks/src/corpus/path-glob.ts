import { InputError } from "@filigree/core";

/** Which paths below a folder are meant. */
export interface PathChoice {
  /** Whether a folder, and with it all that it holds, is left out. */
  skips(folder: string): boolean;
  /** The globs that take a file; none where it is left out. */
  takers(path: string): readonly string[];
}

/**
 * Reads a list of globs over paths with `/` between their parts. `*` and `?` stay within a part, `**` goes over any
 * number of parts, `[a-z]` is one of some characters, `{a,b}` one of some texts. A glob covers the whole path. One that
 * begins with `!` leaves out the files that it matches, and all that is in the folders that it matches.
 *
 * @throws InputError for a glob that has no end, leads out of the folder, or where none takes a file.
 */
export function choosePaths(globs: readonly string[], where: string): PathChoice {
  const read = (glob: string) => ({ glob, matches: compile(glob.replace(/^!/u, ""), glob, where) });
  const takes = globs.filter((glob) => !glob.startsWith("!")).map(read);
  const leavesOut = globs.filter((glob) => glob.startsWith("!")).map(read);
  if (takes.length === 0) {
    throw new InputError({ what: "no glob says which files to take", where, expected: 'one such as "**/*.py"' });
  }
  const isOut = (path: string) => leavesOut.some(({ matches }) => matches.test(path));
  return {
    skips: isOut,
    takers: (path) => (isOut(path) ? [] : takes.filter(({ matches }) => matches.test(path)).map(({ glob }) => glob)),
  };
}

/** The globs that take files, in order. */
export function takingGlobs(globs: readonly string[]): string[] {
  return globs.filter((glob) => !glob.startsWith("!"));
}

function compile(text: string, glob: string, where: string): RegExp {
  const fail = (what: string, hint?: string): never => {
    throw new InputError({ what: `the glob "${glob}" ${what}`, where, hint });
  };
  const path = text.replace(/^(?:\.\/)+/u, "").replace(/\/$/u, "");
  if (path === "") fail("is empty");
  if (path.startsWith("/") || path.split("/").includes("..")) {
    fail("leads out of the folder", "globs are read below the data's folder: give another folder, or several");
  }
  let source = "";
  let depth = 0;
  for (let at = 0; at < path.length; at++) {
    const rest = path.slice(at);
    const [token] = /^(?:\*\*\/|\/\*\*$|\*+|\[!?[^\]]+\]|.)/su.exec(rest)!;
    at += token.length - 1;
    if (token === "**/") source += "(?:[^/]+/)*";
    else if (token === "/**") source += "/.+";
    else if (token === "**") source += ".*";
    else if (token.startsWith("*")) source += "[^/]*";
    else if (token === "?") source += "[^/]";
    else if (token === "{") {
      depth++;
      source += "(?:";
    } else if (token === "}" && depth > 0) {
      depth--;
      source += ")";
    } else if (token === "," && depth > 0) source += "|";
    else if (token.length > 1) source += characterClass(token);
    else if (token === "[") fail('has a "[" without its "]"');
    else source += token.replace(/[\\^$.*+?()[\]{}|]/u, "\\$&");
  }
  if (depth > 0) fail('has a "{" without its "}"');
  try {
    return new RegExp(`^${source}$`, "su");
  } catch {
    return fail("has a range of characters that runs backwards");
  }
}

function characterClass(token: string): string {
  const negated = token.startsWith("[!");
  const inner = token.slice(negated ? 2 : 1, -1).replace(/[\\^[\]]/gu, "\\$&");
  return `(?!/)[${negated ? "^" : ""}${inner}]`;
}
