/** The TypeScript blocks of a README, in order. A package has exactly one: its example. */
export function typescriptBlocks(markdown: string): string[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map((match) => match[1]!);
}
