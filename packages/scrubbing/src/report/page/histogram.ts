import { escaped } from "@filigree/core";
import { DIVERGENCE_EDGES, type RuleDetails } from "../details.ts";
import { grouped, percent } from "../words.ts";

const BAR = 18;
const GAP = 2;
const HEIGHT = 64;
const TOP = 12;
const LABELS = 14;

/** How far the swaps of a rule moved the answers, as a picture with its caption. */
export function histogram({ rule, swaps, identical, changed, histogram: counts }: RuleDetails): string {
  const width = counts.length * (BAR + GAP);
  const most = Math.max(1, ...counts);
  const bars = counts.map((count, i) => {
    const x = i * (BAR + GAP);
    const height = count === 0 ? 1 : Math.max(2, Math.round((count / most) * HEIGHT));
    const about = `${interval(i)}: ${grouped(count)}`;
    return `<rect x="${x}" y="${TOP + HEIGHT - height}" width="${BAR}" height="${height}"${count === 0 ? ` class="none"` : ""}><title>${escaped(about)}</title></rect>`;
  });
  const ticks = [0, 4, 8, 12].map((i) => {
    const x = (i + 1) * (BAR + GAP) - GAP / 2;
    return `<text x="${x}" y="${TOP + HEIGHT + 11}" text-anchor="middle">${edgeText(DIVERGENCE_EDGES[i]!)}</text>`;
  });
  const said = counts.flatMap((count, i) => (count === 0 ? [] : [`${interval(i)}: ${grouped(count)}`]));
  const same = identical === 0 ? "" : `, ${grouped(identical)} wrote what was there`;
  return [
    `<figure><figcaption><b>${escaped(rule)}</b><br>${grouped(swaps)} swaps, ${percent(changed / Math.max(1, swaps))} changed the answer${same}</figcaption>`,
    `<svg viewBox="0 0 ${width} ${TOP + HEIGHT + LABELS}" role="img" aria-label="${escaped(`Divergence in nats under ${rule}. ${said.join("; ")}.`)}">`,
    `<text x="0" y="9">${grouped(most)}</text>`,
    ...bars,
    `<line x1="0" y1="${TOP + HEIGHT + 0.5}" x2="${width}" y2="${TOP + HEIGHT + 0.5}"/>`,
    ...ticks,
    `<text x="${width}" y="${TOP + HEIGHT + 11}" text-anchor="end">nats</text>`,
    "</svg></figure>",
  ].join("");
}

function interval(index: number): string {
  const [from, to] = [DIVERGENCE_EDGES[index - 1], DIVERGENCE_EDGES[index]];
  if (from === undefined) return `below ${edgeText(to!)}`;
  return to === undefined ? `${edgeText(from)} or more` : `${edgeText(from)} to ${edgeText(to)}`;
}

function edgeText(edge: number): string {
  return edge < 1e-3 ? edge.toExponential().replace("e-", "e−") : String(edge);
}
