import {
  compareSites,
  InputError,
  LAYER_SITE_KINDS,
  nodeId,
  parseNodeId,
  parseSite,
  type LayerSiteKind,
  type NodeFile,
  type NodeFileEdge,
  type NodeFileLabel,
  type NodeId,
  type SiteKind,
  type SiteName,
} from "@filigree/core";

/** Beyond so many nodes nobody can read the picture. */
const MOST_NODES = 1000;

/** The queries, keys and values of a layer stand side by side. */
export type RowKind = Exclude<SiteKind, "attn.q" | "attn.k" | "attn.v"> | "attn.qkv";

/** One line of the picture. The first is the embeddings, the last the logits; both may be without nodes. */
export interface PictureRow {
  readonly layer: number | undefined;
  readonly kind: RowKind;
  readonly nodes: number[];
}

export interface PictureNode {
  readonly id: NodeId;
  readonly site: SiteName;
  readonly kind: SiteKind;
  readonly channel: number;
  /** Index of its row. */
  readonly row: number;
  readonly label: NodeFileLabel | undefined;
  /** The nodes at the other ends of its edges. */
  readonly neighbours: number[];
}

export interface PictureEdge {
  /** Indices of nodes. */
  readonly from: number;
  readonly to: number;
  readonly listed: NodeFileEdge;
}

/**
 * One channel of the residual stream: the nodes that read and write it stand above each other. Where it has reads it
 * begins at the embeddings, and where it has writes it goes on to the logits.
 */
export interface Lane {
  readonly channel: number;
  /** From the bottom up. */
  readonly nodes: readonly number[];
  /** Rows that it passes through. */
  readonly firstRow: number;
  readonly lastRow: number;
}

/** Nodes off the residual stream that stay together: the q, k and v of a head, or a single node. */
export interface Cluster {
  readonly row: number;
  /** undefined: a single node. null: heads that cannot be told apart. */
  readonly head: number | null | undefined;
  /** Of a head up to three groups: q, k and v. */
  readonly groups: readonly (readonly number[])[];
}

/** A circuit in rows, from the embeddings up to the logits. */
export interface PictureGraph {
  readonly nodes: readonly PictureNode[];
  readonly edges: readonly PictureEdge[];
  readonly rows: readonly PictureRow[];
  readonly lanes: readonly Lane[];
  readonly clusters: readonly Cluster[];
}

const READS: ReadonlySet<SiteKind> = new Set<SiteKind>(["attn.act_in", "mlp.act_in"]);
const WRITES: ReadonlySet<SiteKind> = new Set<SiteKind>(["attn.resid_delta", "mlp.resid_delta"]);
const STREAM: ReadonlySet<SiteKind> = new Set<SiteKind>(["resid_in", "resid_mid", "final_resid"]);

export function readsStream({ kind }: PictureNode): boolean {
  return READS.has(kind) || STREAM.has(kind);
}

export function writesStream({ kind }: PictureNode): boolean {
  return WRITES.has(kind) || STREAM.has(kind);
}

/**
 * @param headSize channels of q, k and v per head; undefined where nobody knows
 * @throws InputError for more nodes than a picture can show.
 */
export function pictureGraph(file: NodeFile, headSize: number | undefined): PictureGraph {
  const ids = nodesOf(file);
  if (ids.length > MOST_NODES) {
    const what = `the circuit has ${ids.length} nodes, too many for a picture`;
    throw new InputError({ what, expected: `at most ${MOST_NODES}`, hint: "prune it further" });
  }
  const rows = rowsOf(ids);
  const rowOf = new Map(rows.map(({ layer, kind }, index) => [rowKey(layer, kind), index]));
  const nodes = ids.map((id, index): PictureNode => {
    const { site, channel } = parseNodeId(id);
    const { layer, kind } = parseSite(site);
    const row = rowOf.get(rowKey(layer, rowKind(kind)))!;
    rows[row]!.nodes.push(index);
    return { id, site, kind, channel, row, label: file.labels?.[id], neighbours: [] };
  });
  const indices = new Map(ids.map((id, index) => [id, index]));
  const edges = file.edges.map((listed): PictureEdge => {
    const [from, to] = [indices.get(listed.from)!, indices.get(listed.to)!];
    nodes[from]!.neighbours.push(to);
    nodes[to]!.neighbours.push(from);
    return { from, to, listed };
  });
  return { nodes, edges, rows, lanes: lanesOf(nodes, rows.length), clusters: clustersOf(nodes, headSize) };
}

/** The file's nodes, and the ends of its edges outside the prunable sites; in forward order, channels ascending. */
function nodesOf(file: NodeFile): NodeId[] {
  const sites = Object.entries(file.nodes) as [SiteName, readonly number[]][];
  const listed = sites.flatMap(([site, channels]) => channels.map((channel) => nodeId(site, channel)));
  const ids = new Set([...listed, ...file.edges.flatMap(({ from, to }) => [from, to])]);
  const parsed = [...ids].map((id) => ({ id, ...parseNodeId(id) }));
  return parsed.sort((a, b) => compareSites(a.site, b.site) || a.channel - b.channel).map(({ id }) => id);
}

function rowsOf(ids: readonly NodeId[]): PictureRow[] {
  const sites = new Set(ids.map((id) => parseNodeId(id).site));
  const rows = new Map<string, PictureRow>([["embed", { layer: undefined, kind: "embed", nodes: [] }]]);
  const add = (layer: number | undefined, kind: RowKind): void => {
    if (!rows.has(rowKey(layer, kind))) rows.set(rowKey(layer, kind), { layer, kind, nodes: [] });
  };
  for (const site of [...sites].sort(compareSites)) {
    const { layer, kind } = parseSite(site);
    add(layer, rowKind(kind));
  }
  rows.delete("logits");
  add(undefined, "logits");
  return [...rows.values()];
}

function rowKind(kind: SiteKind): RowKind {
  return kind === "attn.q" || kind === "attn.k" || kind === "attn.v" ? "attn.qkv" : kind;
}

function rowKey(layer: number | undefined, kind: RowKind): string {
  return layer === undefined ? kind : `${layer}.${kind}`;
}

function lanesOf(nodes: readonly PictureNode[], rowCount: number): Lane[] {
  const channels = new Map<number, number[]>();
  nodes.forEach((node, index) => {
    if (node.kind !== "embed" && !readsStream(node) && !writesStream(node)) return;
    channels.set(node.channel, [...(channels.get(node.channel) ?? []), index]);
  });
  const lanes = [...channels].map(([channel, members]): Lane => {
    const some = members.map((index) => nodes[index]!);
    const firstRow = some.some(readsStream) ? 0 : some[0]!.row;
    const lastRow = some.some(writesStream) ? rowCount - 1 : some.at(-1)!.row;
    return { channel, nodes: members, firstRow, lastRow };
  });
  return lanes.sort((a, b) => a.channel - b.channel);
}

const GROUPS: readonly LayerSiteKind[] = LAYER_SITE_KINDS.filter((kind) => rowKind(kind) === "attn.qkv");

function clustersOf(nodes: readonly PictureNode[], headSize: number | undefined): Cluster[] {
  const single: Cluster[] = [];
  const heads = new Map<string, { row: number; head: number | null; groups: number[][] }>();
  nodes.forEach((node, index) => {
    if (node.kind === "embed" || readsStream(node) || writesStream(node)) return;
    const group = GROUPS.indexOf(node.kind as LayerSiteKind);
    if (group < 0) return void single.push({ row: node.row, head: undefined, groups: [[index]] });
    const head = headSize === undefined ? null : Math.floor(node.channel / headSize);
    const key = `${node.row} ${head}`;
    const box = heads.get(key) ?? { row: node.row, head, groups: [[], [], []] };
    box.groups[group]!.push(index);
    heads.set(key, box);
  });
  return [...heads.values(), ...single].sort((a, b) => a.row - b.row || (a.head ?? 0) - (b.head ?? 0));
}
