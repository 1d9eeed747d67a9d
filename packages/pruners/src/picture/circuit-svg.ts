import { escaped, InputError, type NodeFile } from "@filigree/core";
import { drawEdge, drawLane, edgeScale } from "./draw-edges.ts";
import { drawLegend } from "./draw-legend.ts";
import { boxOf, drawHead, drawNode, text } from "./draw-nodes.ts";
import { factsOf, type Facts } from "./facts.ts";
import { shortened, tenth, textWidth } from "./markup.ts";
import { pictureGraph, type PictureGraph, type RowKind } from "./picture-graph.ts";
import { placeNodes } from "./place-nodes.ts";
import { placeRows, type RowPlaces } from "./place-rows.ts";
import { SMALL_SIZE } from "./shapes.ts";
import { highlightOf, pictureStyle } from "./style.ts";

const MARGIN = 24;
/** Room for the names of the rows, left of the nodes. */
const GUTTER = 122;
/** Room right of them. */
const AFTER = 16;
const NARROWEST = 620;
const LONGEST_TITLE = 70;

export interface PictureOptions {
  /**
   * How many channels of q, k and v a head has (`dHead` of the model). A node file does not say; without it the heads
   * of a layer cannot be told apart.
   */
  readonly headSize?: number;
}

/**
 * A picture of a circuit, as a self-contained SVG document: layers upward, from the embeddings to the logits. Channels
 * of the residual stream stand in columns, so that dotted upright lines join what writes a channel to what reads it.
 * Edges show sign (colour and dash), |weight| (width) and |effect| (opacity). A pointer or the keyboard on a node
 * brings out its edges, by CSS alone. It shows in light and in dark. The same file gives the same bytes.
 *
 * @throws InputError for more than 1,000 nodes, or a head size that is not a whole number from 1.
 */
export function circuitSvg(file: NodeFile, options: PictureOptions = {}): string {
  return drawCircuit(file, options, true);
}

/** @param alone whether it is a document of its own, with a title, rather than a part of a page. */
export function drawCircuit(file: NodeFile, { headSize }: PictureOptions, alone: boolean): string {
  if (headSize !== undefined && !(Number.isSafeInteger(headSize) && headSize > 0)) {
    throw new InputError({ what: `${headSize} is not a head size`, expected: "a whole number from 1" });
  }
  const graph = pictureGraph(file, headSize);
  const places = placeNodes(graph);
  const across = Math.max(NARROWEST, GUTTER + places.width + AFTER);
  const down = placeRows(graph, places.width);
  const scale = edgeScale(graph.edges);
  const heading = alone ? drawHeading(factsOf(file)) : { svg: "", height: 0, width: 0 };
  const inner = Math.max(across, heading.width);
  const width = inner + 2 * MARGIN;
  const legend = drawLegend(graph, scale, inner);
  const height = heading.height + down.height + legend.height + 3 * MARGIN;
  const shift = GUTTER + (inner - AFTER - GUTTER - places.width) / 2;
  const boxes = graph.nodes.map((node, index) => boxOf(node, places.x[index]! + shift, down.rows[node.row]!));
  const body = [
    ...drawRows(graph, down, inner),
    ...graph.lanes.map((lane) => drawLane(graph, lane, boxes, down.rows)),
    ...graph.clusters.map((cluster, index) => {
      const { left, shape } = places.clusters[index]!;
      return drawHead(cluster, { left: left + shift, shape }, down.rows[cluster.row]!);
    }),
    ...graph.edges.map((edge) => drawEdge(edge, boxes, scale)),
    ...graph.nodes.map((_, index) => drawNode(graph, index, boxes[index]!)),
  ].filter((part) => part !== "");
  const top = MARGIN + heading.height;
  const size = `width="${tenth(width)}" height="${tenth(height)}" viewBox="0 0 ${tenth(width)} ${tenth(height)}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="circuit" ${size} role="group" aria-label="${escaped(nameOf(file))}">`,
    ...(alone ? [`<title>${escaped(nameOf(file))}</title>`] : []),
    `<style>${pictureStyle()}\n${graph.nodes.map((_, index) => highlightOf(index)).join("\n")}</style>`,
    `<rect class="paper" width="${tenth(width)}" height="${tenth(height)}"/>`,
    ...(alone ? [`<g transform="translate(${MARGIN} ${MARGIN})">${heading.svg}</g>`] : []),
    `<g transform="translate(${MARGIN} ${tenth(top)})">`,
    ...body,
    `</g>`,
    `<g transform="translate(${MARGIN} ${tenth(top + down.height + MARGIN)})">${legend.svg}</g>`,
    `</svg>`,
    "",
  ].join("\n");
}

function nameOf(file: NodeFile): string {
  return `Circuit of ${shortened(file.task, LONGEST_TITLE)}`;
}

function drawHeading({ task, size, model, foundBy, losses, ablation }: Facts): {
  svg: string;
  height: number;
  width: number;
} {
  const title = shortened(task, LONGEST_TITLE);
  const lines = [
    `${size}. Model ${model.slice(0, 10)}. Found by ${shortened(foundBy, LONGEST_TITLE)}.`,
    `Loss in nats: ${losses}. Nodes outside show ${ablation}.`,
  ];
  const svg = [
    text(0, 16, 17, title, { weight: 600 }),
    ...lines.map((line, index) => text(0, 37 + 16 * index, 11.5, line, { kind: "muted" })),
  ];
  const width = Math.max(textWidth(title, 17) * 1.05, ...lines.map((line) => textWidth(line, 11.5)));
  return { svg: svg.join(""), height: 53 + MARGIN, width };
}

const BAR_NAMES: Partial<Record<RowKind, string>> = { embed: "embeddings", logits: "logits" };

function* drawRows({ rows }: PictureGraph, { rows: places, layers }: RowPlaces, width: number): Generator<string> {
  for (const { layer, y, height } of layers) {
    yield `<rect class="band" x="0" y="${tenth(y)}" width="${tenth(width)}" height="${tenth(height)}" rx="10"/>`;
    yield text(10, y + 18, 12, `layer ${layer}`, { weight: 600 });
  }
  for (const [index, { kind, layer }] of rows.entries()) {
    const { y, height } = places[index]!;
    const middle = y + height / 2;
    if (layer === undefined) {
      yield `<rect class="bar" x="0" y="${tenth(y)}" width="${tenth(width)}" height="${tenth(height)}" rx="8"/>`;
      yield text(10, middle + 4, 12, BAR_NAMES[kind] ?? kind, { weight: 600 });
    } else yield text(10, middle + 3.5, SMALL_SIZE, kind === "attn.qkv" ? "attn.q k v" : kind, { kind: "muted site" });
  }
}
