/** A command as a person would type it again: words that a shell would split or change are quoted. */
export function commandLine(argv: readonly string[]): string {
  return ["filigree", ...argv.map(quoted)].join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
