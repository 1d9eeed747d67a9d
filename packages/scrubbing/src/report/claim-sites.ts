import { siteAt } from "@filigree/core";
import type { CircuitPart, Position, SitePart, Statement } from "@filigree/hypothesis";
import type { SiteGroup } from "./details.ts";

/** A circuit of more sites than this is told by its number of channels. */
const MOST_SITES = 24;

/** The sites that a statement is about, as a report lists them. */
export function sitesOf(statement: Statement): SiteGroup[] {
  switch (statement.kind) {
    case "carries":
    case "contains":
    case "ignores":
    case "equals":
      return [group("sites", statement.parts)];
    case "computes":
      return [
        group("sites", statement.parts),
        ...statement.inputs.map(({ parts, feature }) =>
          group(feature === undefined ? "input" : `input by ${feature}`, parts),
        ),
      ];
    case "affects":
    case "does not affect":
      return [
        group("from", statement.from),
        group("to", statement.to),
        ...(statement.through.length > 0 ? [group("held clean", statement.through)] : []),
      ];
    case "copies": {
      const { layer, heads, from, to } = statement;
      const which = heads === "all" ? "all heads" : `heads ${ranges(heads)}`;
      return [
        { role: "values", sites: [`${siteAt(layer, "attn.v")}, ${which}${at(from)}`] },
        { role: "row that sees them", sites: [`${siteAt(layer, "attn.y")}, ${which}${at(to)}`] },
      ];
    }
    case "attends": {
      const { layer, head, query, key } = statement;
      return [
        { role: "row", sites: [`${siteAt(layer, "attn.q")}, head ${head}${at(query)}`] },
        { role: "column", sites: [`${siteAt(layer, "attn.k")}, head ${head}${at(key)}`] },
      ];
    }
    case "sufficient":
    case "necessary":
    case "complete":
    case "minimal":
      return [{ role: statement.circuit.source, sites: circuitSites(statement.circuit.nodes) }];
  }
}

function group(role: string, parts: readonly SitePart[]): SiteGroup {
  return { role, sites: parts.map(({ site, channels, position }) => `${site}${listed(channels)}${at(position)}`) };
}

function circuitSites(nodes: readonly CircuitPart[]): string[] {
  const shown = nodes.slice(0, MOST_SITES).map(({ site, channels }) => `${site}${listed(channels)}`);
  const more = nodes.length - shown.length;
  return more > 0 ? [...shown, `and ${more} more sites`] : shown;
}

/** Channels as people write them: ` 3, 7-9`. */
function listed(channels: "all" | readonly number[]): string {
  return channels === "all" ? "" : ` ${ranges(channels)}`;
}

function ranges(channels: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const channel of channels) {
    const last = runs.at(-1);
    if (last && last[1] === channel - 1) last[1] = channel;
    else runs.push([channel, channel]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(", ");
}

function at(position: Position): string {
  switch (position.kind) {
    case "all":
      return "";
    case "index":
      return ` at ${position.index}`;
    case "named":
      return ` at ${position.name}`;
  }
}
