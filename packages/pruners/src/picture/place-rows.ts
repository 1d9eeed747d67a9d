import type { PictureGraph } from "./picture-graph.ts";
import { nodeHeight } from "./shapes.ts";

const BAR = 26;
/** Above and below the nodes inside the box of a head, or inside a bar. */
export const BOX_PADDING = 5;
const BETWEEN_ROWS = 24;
const BETWEEN_LAYERS = 50;
const BAND_PADDING = 12;
const BAND_LABEL = 16;

/** A stretch of height, `y` downwards. */
export interface Stretch {
  readonly y: number;
  readonly height: number;
}

export interface RowPlaces {
  readonly height: number;
  /** Each row, in the order of the graph's rows: the last, the logits, is on top. */
  readonly rows: readonly Stretch[];
  readonly layers: readonly (Stretch & { readonly layer: number })[];
}

/** How high each row stands. Wide pictures get more room for their edges, which would lie flat otherwise. */
export function placeRows({ rows, nodes, edges }: PictureGraph, width: number): RowPlaces {
  const forEdges = Math.min(170, 46 + width * 0.05);
  const joined = new Set(edges.map(({ from, to }) => Math.max(nodes[from]!.row, nodes[to]!.row)));
  const placed: Stretch[] = [];
  let y = 0;
  for (let row = rows.length - 1; row >= 0; row--) {
    const { kind, layer, nodes: members } = rows[row]!;
    const tallest = members.reduce((most, node) => Math.max(most, nodeHeight(nodes[node]!)), 0);
    const boxed = layer === undefined || kind === "attn.qkv";
    const height = Math.max(layer === undefined ? BAR : 0, tallest + (boxed ? 2 * BOX_PADDING : 0));
    placed[row] = { y, height };
    if (row === 0) return { height: y + height, rows: placed, layers: layersOf(rows, placed) };
    const within = rows[row - 1]!.layer === layer;
    y += height + Math.max(within ? BETWEEN_ROWS : BETWEEN_LAYERS, joined.has(row) ? forEdges : 0);
  }
  throw new Error("a picture has two rows at least");
}

function layersOf(rows: PictureGraph["rows"], placed: readonly Stretch[]): RowPlaces["layers"] {
  const layers = new Map<number, { top: number; bottom: number }>();
  rows.forEach(({ layer }, index) => {
    if (layer === undefined) return;
    const { y, height } = placed[index]!;
    const bottom = layers.get(layer)?.bottom ?? y + height + BAND_PADDING;
    layers.set(layer, { top: y - BAND_PADDING - BAND_LABEL, bottom });
  });
  return [...layers].map(([layer, { top, bottom }]) => ({ layer, y: top, height: bottom - top }));
}
