import { escaped, type SiteKind } from "@filigree/core";
import { shortened, tenth } from "./markup.ts";
import type { Cluster, PictureGraph, PictureNode } from "./picture-graph.ts";
import type { Places } from "./place-nodes.ts";
import { BOX_PADDING, type Stretch } from "./place-rows.ts";
import { CHANNEL_SIZE, headText, labelText, LABEL_SIZE, nodeHeight, nodeWidth, SMALL_SIZE } from "./shapes.ts";

const COLOUR_OF: Partial<Record<SiteKind, string>> = {
  "attn.act_in": "read",
  "mlp.act_in": "read",
  "attn.q": "attention",
  "attn.k": "attention",
  "attn.v": "attention",
  "mlp.post_act": "neuron",
  "attn.resid_delta": "write",
  "mlp.resid_delta": "write",
};

/** The box of a node, in pixels. */
export interface Box {
  /** Centre. */
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
}

export function boxOf(node: PictureNode, x: number, { y, height }: Stretch): Box {
  const half = nodeHeight(node) / 2;
  return { x, top: y + height / 2 - half, bottom: y + height / 2 + half };
}

export function drawNode(graph: PictureGraph, index: number, { x, top, bottom }: Box): string {
  const node = graph.nodes[index]!;
  const width = nodeWidth(node);
  const lane = graph.lanes.find(({ nodes }) => nodes.includes(index))?.nodes ?? [];
  const shownWith = new Set([index, ...node.neighbours, ...lane]);
  const classes = ["node", COLOUR_OF[node.kind] ?? "other", ...[...shownWith].map((other) => `n${other}`)];
  const rect = `<rect x="${tenth(x - width / 2)}" y="${tenth(top)}" width="${tenth(width)}" height="${tenth(bottom - top)}" rx="5"/>`;
  const channel = text(x, top + 13, CHANNEL_SIZE, String(node.channel), { anchor: "middle" });
  const label = node.label === undefined ? "" : drawLabel(node, x, top + 24.5);
  return `<g class="${classes.join(" ")}" id="n${index}" data-node="${escaped(node.id)}" tabindex="0"><title>${escaped(tooltip(node))}</title>${rect}${channel}${label}</g>`;
}

function drawLabel(node: PictureNode, x: number, y: number): string {
  const kind = node.label?.by === "auto" ? "muted auto" : "muted";
  return text(x, y, LABEL_SIZE, labelText(node), { anchor: "middle", kind });
}

const LONGEST_TOOLTIP = 400;

function tooltip({ id, label }: PictureNode): string {
  if (label === undefined) return id;
  return `${id}: ${shortened(label.text, LONGEST_TOOLTIP)}${label.by === "auto" ? " (label made by a program)" : ""}`;
}

/** The box around the q, k and v of a head: q and k decide together which tokens it reads, v what it reads there. */
export function drawHead(cluster: Cluster, { left, shape }: Places["clusters"][number], row: Stretch): string {
  const { head } = cluster;
  if (head === undefined) return "";
  const middle = row.y + row.height / 2;
  const parts = [
    `<rect class="head" x="${tenth(left)}" y="${tenth(row.y)}" width="${tenth(shape.width)}" height="${tenth(row.height)}" rx="8"/>`,
    text(left + BOX_PADDING + 1, middle + 3.5, SMALL_SIZE, headText(head), { kind: "muted" }),
    ...shape.letters.map(({ text: letter, x }) =>
      text(left + x + 1, middle + 3.5, SMALL_SIZE, letter, { kind: "muted auto" }),
    ),
    ...shape.joints.map((joint) => drawJoint(left + joint.from + 3, left + joint.to - 4, middle, joint.into)),
  ];
  return parts.join("");
}

/** A dot between q and k, which are multiplied; an arrow into v. */
function drawJoint(from: number, to: number, y: number, into: string): string {
  const middle = (from + to) / 2;
  if (into === "k") {
    const line = `<path class="joint" d="M${tenth(from)} ${tenth(y)}H${tenth(to)}"/>`;
    return `${line}<circle class="tip" cx="${tenth(middle)}" cy="${tenth(y)}" r="2.6"/>`;
  }
  const line = `<path class="joint" d="M${tenth(from)} ${tenth(y)}H${tenth(to - 4)}"/>`;
  return `${line}<path class="tip" d="M${tenth(to)} ${tenth(y)}l-6 -3.2v6.4z"/>`;
}

/** A line of text; `y` is its baseline. */
export function text(
  x: number,
  y: number,
  size: number,
  content: string,
  { anchor, kind, weight }: { anchor?: "middle" | "end"; kind?: string; weight?: 600 } = {},
): string {
  const options = [
    kind === undefined ? "" : ` class="${kind}"`,
    anchor === undefined ? "" : ` text-anchor="${anchor}"`,
    weight === undefined ? "" : ` font-weight="${weight}"`,
  ];
  return `<text x="${tenth(x)}" y="${tenth(y)}" font-size="${size}"${options.join("")}>${escaped(content)}</text>`;
}
