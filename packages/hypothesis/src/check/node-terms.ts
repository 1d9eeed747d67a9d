import { InputError, parseNodeId, type SiteName } from "@filigree/sites";
import type { Environment } from "../environment.ts";
import type { Text } from "../syntax/tree.ts";
import type { ModelLimits } from "./model-limits.ts";
import type { Report } from "./report.ts";
import type { Term, TermList } from "./terms.ts";

/** The node that an id between backticks names. */
export function nodeTerm({ text, span }: Text, limits: ModelLimits, report: Report): TermList | undefined {
  try {
    const { site, channel } = parseNodeId(text);
    if (!limits.nodes(site, [channel], span)) return undefined;
    return { terms: [{ base: { kind: "nodes", site, channels: [channel] }, span }] };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return report.error("unknown-node", span, error.what, error.hint ?? error.expected);
  }
}

/** The nodes and edges of a node file. */
export function nodeFileTerms(
  { text, span }: Text,
  { nodeFile, shape }: Environment,
  limits: ModelLimits,
  report: Report,
): TermList | undefined {
  // Without a reader the nodes are as little known as a model's sizes are without its shape.
  if (nodeFile === undefined) return shape && report.error("node-file", span, "node files cannot be read here");
  try {
    const file = nodeFile(text, report.file);
    const sites = (Object.entries(file.nodes) as [SiteName, readonly number[]][]).filter(
      ([, channels]) => channels.length > 0,
    );
    if (!sites.every(([site, channels]) => limits.nodes(site, channels, span))) return undefined;
    return {
      terms: sites.map(([site, channels]): Term => ({ base: { kind: "nodes", site, channels }, span })),
      edges: file.edges,
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const where = error.where === undefined ? "" : `${error.where}: `;
    return report.error("node-file", span, `${where}${error.what}`, error.hint ?? error.expected);
  }
}
