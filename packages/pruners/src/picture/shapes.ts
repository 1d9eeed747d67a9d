import { shortened, textWidth } from "./markup.ts";
import type { Cluster, PictureNode } from "./picture-graph.ts";

export const CHANNEL_SIZE = 11;
export const LABEL_SIZE = 9.5;
export const SMALL_SIZE = 10;
const LONGEST_LABEL = 18;
/** Space at both ends of a node or a head, and between the nodes of a group. */
const PADDING = 6;
export const NODE_GAP = 4;
/** Room for the mark between two groups of a head. */
const JOINT = 20;
const LETTER = 10;

export function nodeWidth(node: PictureNode): number {
  const channel = textWidth(String(node.channel), CHANNEL_SIZE);
  return Math.max(24, channel + 2 * PADDING, textWidth(labelText(node), LABEL_SIZE) + 2 * PADDING);
}

export function nodeHeight(node: PictureNode): number {
  return node.label === undefined ? 18 : 30;
}

/** What fits of a node's label. */
export function labelText({ label }: PictureNode): string {
  return label === undefined ? "" : shortened(label.text.trim(), LONGEST_LABEL);
}

export function headText(head: number | null): string {
  return head === null ? "heads" : `head ${head}`;
}

/** Where the parts of a cluster lie, from its left edge. */
export interface ClusterShape {
  readonly width: number;
  /** Centre of each node, in the order of `groups.flat()`. */
  readonly centres: readonly number[];
  /** The letters q, k and v, where their group has nodes. */
  readonly letters: readonly { readonly text: string; readonly x: number }[];
  /** From one group to the next; the last one ends at v where v has nodes. */
  readonly joints: readonly { readonly from: number; readonly to: number; readonly into: string }[];
}

export function clusterShape(cluster: Pick<Cluster, "head" | "groups">, widths: readonly number[]): ClusterShape {
  const { head, groups } = cluster;
  if (head === undefined) {
    const width = widths[groups[0]![0]!]!;
    return { width, centres: [width / 2], letters: [], joints: [] };
  }
  const centres: number[] = [];
  const letters: { text: string; x: number }[] = [];
  const joints: { from: number; to: number; into: string }[] = [];
  let x = PADDING + textWidth(headText(head), SMALL_SIZE) + PADDING;
  groups.forEach((group, index) => {
    if (group.length === 0) return;
    const text = "qkv"[index]!;
    if (letters.length > 0) {
      joints.push({ from: x, to: x + JOINT, into: text });
      x += JOINT;
    }
    letters.push({ text, x });
    x += LETTER;
    group.forEach((node, place) => {
      x += place === 0 ? 0 : NODE_GAP;
      centres.push(x + widths[node]! / 2);
      x += widths[node]!;
    });
  });
  return { width: x + PADDING, centres, letters, joints };
}
