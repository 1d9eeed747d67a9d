/** Offsets in a text; the end is exclusive. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/**
 * Where a claim's statement stands in the source: it begins at line and column, counted from 1, and reads as `text` once
 * comments are left out and blanks are one. Undefined where the source says something else.
 */
export function claimExtent(source: string, at: { line: number; column: number }, text: string): Extent | undefined {
  const start = lineStart(source, at.line) + at.column - 1;
  let end = start;
  for (const character of text) {
    if (character === " ") {
      const gap = /^(?:\s|\/\/[^\r\n]*)+/u.exec(source.slice(end))?.[0];
      if (gap === undefined) return undefined;
      end += gap.length;
    } else if (source.startsWith(character, end)) end += character.length;
    else return undefined;
  }
  return { start, end };
}

function lineStart(source: string, line: number): number {
  const breaks = /\r\n|\r|\n/gu;
  for (let at = 1; at < line; at++) if (!breaks.exec(source)) return source.length;
  return line === 1 ? 0 : breaks.lastIndex;
}
