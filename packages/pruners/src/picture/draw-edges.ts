import { escaped } from "@filigree/core";
import type { Box } from "./draw-nodes.ts";
import { tenth } from "./markup.ts";
import { readsStream, writesStream, type Lane, type PictureEdge, type PictureGraph } from "./picture-graph.ts";
import type { Stretch } from "./place-rows.ts";

export const THINNEST = 0.8;
export const THICKEST = 4.8;
const FAINTEST = 0.25;
const PLAIN_OPACITY = 0.8;
export const DASHES = "5 3";

/** What the widths and opacities of a picture's edges are relative to. */
export interface EdgeScale {
  readonly weight: number;
  /** undefined where no edge has an effect. */
  readonly effect: number | undefined;
}

export function edgeScale(edges: readonly PictureEdge[]): EdgeScale {
  let weight = 0;
  let effect: number | undefined;
  for (const { listed } of edges) {
    weight = Math.max(weight, Math.abs(listed.weight));
    if (listed.effect !== undefined) effect = Math.max(effect ?? 0, Math.abs(listed.effect));
  }
  return { weight, effect };
}

export function drawEdge({ from, to, listed }: PictureEdge, boxes: readonly Box[], scale: EdgeScale): string {
  const [source, target] = [boxes[from]!, boxes[to]!];
  const bend = Math.max(16, Math.abs(source.top - target.bottom) * 0.45);
  const path = [
    `M${tenth(source.x)} ${tenth(source.top)}`,
    `C${tenth(source.x)} ${tenth(source.top - bend)}`,
    `${tenth(target.x)} ${tenth(target.bottom + bend)}`,
    `${tenth(target.x)} ${tenth(target.bottom)}`,
  ].join(" ");
  const negative = listed.weight < 0;
  const width = THINNEST + (THICKEST - THINNEST) * share(listed.weight, scale.weight);
  const opacity = opacityOf(listed.effect, scale.effect);
  const look = `stroke-width="${width.toFixed(2)}" stroke-opacity="${opacity.toFixed(2)}"${negative ? ` stroke-dasharray="${DASHES}"` : ""}`;
  const name = `data-from="${escaped(listed.from)}" data-to="${escaped(listed.to)}"`;
  const classes = `edge ${negative ? "negative" : "positive"} n${from}${from === to ? "" : ` n${to}`}`;
  return `<path class="${classes}" ${name} d="${path}" ${look}><title>${escaped(tooltip(listed))}</title></path>`;
}

function opacityOf(effect: number | undefined, largest: number | undefined): number {
  if (largest === undefined) return PLAIN_OPACITY;
  return FAINTEST + (1 - FAINTEST) * share(effect ?? 0, largest);
}

function share(value: number, largest: number): number {
  return largest === 0 ? 0 : Math.abs(value) / largest;
}

function tooltip({ from, to, weight, effect }: PictureEdge["listed"]): string {
  const cut = effect === undefined ? "" : `; cut alone, the loss changes by ${signed(effect)} nats`;
  return `${from} to ${to}: weight ${signed(weight)}${cut}`;
}

/** To three significant digits, with a proper minus sign. */
export function signed(value: number): string {
  return String(Number(value.toPrecision(3))).replace("-", "\u2212");
}

/**
 * The residual stream at one channel, in pieces between the nodes that touch it. A piece that takes a write of the
 * circuit to a read of it is drawn stronger than one that comes from the embeddings or goes on to the logits only.
 */
export function drawLane(
  { nodes, rows }: PictureGraph,
  { channel, nodes: members, firstRow, lastRow }: Lane,
  boxes: readonly Box[],
  rowPlaces: readonly Stretch[],
): string {
  const x = boxes[members[0]!]!.x;
  const some = members.map((index) => nodes[index]!);
  const classes = members.map((index) => `n${index}`).join(" ");
  const piece = (kind: string, from: number, to: number): string =>
    `<path class="${kind} ${classes}" data-channel="${channel}" d="M${tenth(x)} ${tenth(from)}V${tenth(to)}"/>`;
  const pieces: string[] = [];
  if (firstRow < some[0]!.row) pieces.push(piece("stream outer", rowPlaces[0]!.y, boxes[members[0]!]!.bottom));
  for (let lower = 0; lower + 1 < members.length; lower++) {
    const written = some.slice(0, lower + 1).some(writesStream);
    const read = some.slice(lower + 1).some(readsStream);
    const [from, to] = [boxes[members[lower]!]!.top, boxes[members[lower + 1]!]!.bottom];
    if (written || read) pieces.push(piece(written && read ? "stream" : "stream outer", from, to));
  }
  const logits = rowPlaces[rows.length - 1]!;
  if (lastRow > some.at(-1)!.row)
    pieces.push(piece("stream outer", boxes[members.at(-1)!]!.top, logits.y + logits.height));
  return pieces.join("");
}
