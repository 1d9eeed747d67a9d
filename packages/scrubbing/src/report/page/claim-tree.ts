import { escaped } from "@filigree/core";
import type { ClaimVerdict } from "../../document.ts";
import type { ClaimDetails } from "../details.ts";
import { badge } from "./badge.ts";

/** What is claimed of which sites: the file, its rivals, their claims, and the sites of each. */
export function claimTree(
  claims: readonly ClaimVerdict[],
  details: readonly ClaimDetails[],
  anchors: readonly string[],
): string {
  const rivals = [...new Set(details.map(({ rival }) => rival))];
  const branches = rivals.map((rival) => {
    const items = claims.flatMap((claim, i) =>
      details[i]!.rival === rival ? [claimItem(claim, details[i]!, anchors[i]!)] : [],
    );
    if (rival === undefined) return items.join("\n");
    return `<li>rival “${escaped(rival)}”<ul>\n${items.join("\n")}\n</ul></li>`;
  });
  return `<ul class="tree">\n${branches.join("\n")}\n</ul>`;
}

function claimItem(claim: ClaimVerdict, { sites }: ClaimDetails, anchor: string): string {
  const groups = sites.map(({ role, sites: names }) => {
    const codes = names.map((name) => `<code>${escaped(name)}</code>`).join(", ");
    return `<li><span class="muted">${escaped(role)}</span> ${codes}</li>`;
  });
  return `<li>${badge(claim)}<a href="#${anchor}">${escaped(claim.text)}</a><ul>${groups.join("")}</ul></li>`;
}
