import { InputError } from "./input-error.ts";
import { didYouMean } from "./nearest-names.ts";
import type { SiteName } from "./site-name.ts";

/**
 * The sites that a glob names, in the order given: `*.mlp.post_act`, `1.attn.{q,k}`, `*`.
 * `*` stands for any text, `?` for one character, `{a,b}` for either.
 * @throws InputError when nothing matches: a filter that silently selects nothing hides mistakes.
 */
export function matchSites(glob: string, sites: readonly SiteName[]): SiteName[] {
  const pattern = globPattern(glob);
  const matched = sites.filter((site) => pattern.test(site));
  if (matched.length === 0) {
    throw new InputError({
      what: `no site matches "${glob}"`,
      expected: `a site name or a glob over them, e.g. "*.mlp.post_act" or "0.attn.{q,k}"`,
      hint: didYouMean(glob, sites),
    });
  }
  return matched;
}

/** The pattern of a glob over names, of sites or of parameters. @throws InputError for a brace that stays open. */
export function globPattern(glob: string): RegExp {
  let source = "";
  let inBraces = false;
  for (const character of glob) {
    if (character === "*") source += ".*";
    else if (character === "?") source += ".";
    else if (character === "{" && !inBraces) [source, inBraces] = [`${source}(?:`, true];
    else if (character === "}" && inBraces) [source, inBraces] = [`${source})`, false];
    else if (character === "," && inBraces) source += "|";
    else source += character.replace(/[.+^$()|[\]{}\\]/g, "\\$&");
  }
  if (inBraces) throw new InputError({ what: `"${glob}" opens a "{" that it does not close` });
  return new RegExp(`^${source}$`);
}
