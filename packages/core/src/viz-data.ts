import {
  compareSites,
  InputError,
  NODE_SITE_KINDS,
  nodeId,
  parseNodeId,
  parseSite,
  siteName,
  type NodeId,
  type SiteName,
} from "@filigree/sites";
import { withFile } from "./checkpoint/open-file.ts";
import { readValues } from "./checkpoint/tensor-file.ts";
import { readTorchFile } from "./checkpoint/torch/read-torch-file.ts";
import { fromFloat32 } from "./checkpoint/safetensors.ts";
import { TorchTensor } from "./checkpoint/torch/torch-tensor.ts";
import type { TorchValue } from "./checkpoint/torch/torch-world.ts";
import { formatTorchFile, type NumberTensor, type TorchData } from "./checkpoint/torch/write-torch-file.ts";

/** A number for each edge, by "from to". */
export type EdgeNumbers = ReadonlyMap<`${NodeId} ${NodeId}`, number>;

/** A circuit as OpenAI's `viz_data.pt` holds it. */
export interface VizData {
  /** The kept channels of each site, ascending. */
  readonly nodes: Readonly<Record<SiteName, readonly number[]>>;
  /** By how much the task loss changes when an edge is cut, in nats. */
  readonly effects: EdgeNumbers;
  /** The weights between the nodes, where they are not zero. */
  readonly weights: EdgeNumbers;
  /** Task losses in nats, of the whole model and of the circuit; undefined where the file has none. */
  readonly loss: { readonly model: number | undefined; readonly circuit: number | undefined };
  /** How many nodes the model has that could have been kept. */
  readonly totalNodes: number | undefined;
  /** What was passed over, one sentence each. */
  readonly notes: readonly string[];
}

/** Every task loss in the files is the sum over the two prompts of a pair, twice the mean. */
const LOSSES_ARE_TIMES = 2;

/**
 * Reads a `viz_data.pt`. Nothing in it is executed.
 *
 * @throws InputError where the file is damaged, or holds no circuit.
 */
export function readVizData(path: string): Promise<VizData> {
  return withFile(path, async (source) => {
    const data = await readTorchFile(source);
    const reader = new Reader(path);
    const circuit = member(data, "circuit_data");
    if (!(circuit instanceof Map)) return reader.fail(`there is no dict "circuit_data"`);
    const nodes: Record<SiteName, number[]> = {};
    for (const [key, value] of circuit) await reader.addNodes(nodes, key, value);
    const importances = member(data, "importances");
    return {
      nodes,
      effects: await reader.edges(member(importances, "pair_data"), "pair_data", 1 / LOSSES_ARE_TIMES),
      weights: await reader.edges(member(importances, "pair_data_connections"), "pair_data_connections", 1),
      loss: {
        model: await reader.loss(member(importances, "loss")),
        circuit: await reader.loss(member(importances, "interv_loss")),
      },
      totalNodes: await reader.number(member(data, "num_total_nodes")),
      notes: reader.notes,
    };
  });
}

/**
 * The bytes of a `viz_data.pt` of a circuit, the same for the same circuit: what {@link readVizData} reads, and no
 * samples or activations. Numbers of edges become float32. Edges whose ends are not both nodes are left out, and an
 * effect of 0 cannot be told from none.
 */
export function formatVizData({ nodes, effects, weights, loss, totalNodes }: Omit<VizData, "notes">): Uint8Array {
  const sites = (Object.keys(nodes) as SiteName[]).sort(compareSites);
  const circuit = sites.map((site): [string, TorchData] => [site, indexTensor(nodes[site]!)]);
  const stored = (value: number | undefined) => (value === undefined ? undefined : value * LOSSES_ARE_TIMES);
  const importances = {
    loss: stored(loss.model),
    interv_loss: stored(loss.circuit),
    pair_data: effects.size === 0 ? undefined : edgeMatrices(nodes, effects, LOSSES_ARE_TIMES),
    pair_data_connections: edgeMatrices(nodes, weights, 1),
  };
  return formatTorchFile(
    dictOf({
      circuit_data: { dict: new Map(circuit) },
      importances: dictOf(importances),
      num_total_nodes: totalNodes,
    }),
  );
}

/** Entries [matrix source × target, sources, targets, (source site, target site)], one for each two sites with an edge. */
function edgeMatrices(nodes: VizData["nodes"], numbers: EdgeNumbers, scale: number): TorchData {
  const places = new Map(
    Object.entries(nodes).flatMap(([site, channels]) =>
      channels.map((channel, place): [NodeId, number] => [nodeId(site as SiteName, channel), place]),
    ),
  );
  const entries = new Map<string, { readonly sites: readonly [SiteName, SiteName]; readonly values: Float32Array }>();
  for (const [pair, number] of numbers) {
    const [from, to] = pair.split(" ") as [NodeId, NodeId];
    const [row, column] = [places.get(from), places.get(to)];
    if (row === undefined || column === undefined) continue;
    const sites = [parseNodeId(from).site, parseNodeId(to).site] as const;
    const [rows, columns] = [nodes[sites[0]]!.length, nodes[sites[1]]!.length];
    const entry = entries.get(sites.join(" ")) ?? { sites, values: new Float32Array(rows * columns) };
    entry.values[row * columns + column] = number * scale;
    entries.set(sites.join(" "), entry);
  }
  const inOrder = [...entries.values()].sort(
    ({ sites: a }, { sites: b }) => compareSites(a[0], b[0]) || compareSites(a[1], b[1]),
  );
  const list = inOrder.map(({ sites, values }) => {
    const [sources, targets] = [nodes[sites[0]]!, nodes[sites[1]]!];
    const matrix: NumberTensor = { ...fromFloat32(values, [sources.length, targets.length]), type: "F32" };
    return { list: [matrix, { list: sources }, { list: targets }, { tuple: sites }] };
  });
  return { list };
}

function indexTensor(indices: readonly number[]): NumberTensor {
  const bytes = new Uint8Array(BigInt64Array.from(indices, BigInt).buffer);
  return { type: "I64", shape: [indices.length], bytes };
}

/** A dict of what is defined. */
function dictOf(members: Readonly<Record<string, TorchData | undefined>>): TorchData {
  const defined = Object.entries(members).filter((member): member is [string, TorchData] => member[1] !== undefined);
  return { dict: new Map(defined) };
}

class Reader {
  readonly notes: string[] = [];
  readonly #where: string;

  constructor(where: string) {
    this.#where = where;
  }

  fail(what: string): never {
    const expected = "a viz_data.pt: circuit_data with the kept channels of each site";
    throw new InputError({ what, where: this.#where, expected });
  }

  async addNodes(nodes: Record<SiteName, number[]>, key: TorchValue, value: TorchValue): Promise<void> {
    if (key === "prune_config") return;
    if (typeof key !== "string") return this.fail("a key of circuit_data is not the name of a site");
    const site = siteName(key);
    if (!(NODE_SITE_KINDS as readonly string[]).includes(parseSite(site).kind)) {
      this.notes.push(`the channels of "${site}" are left out: they are not nodes`);
      return;
    }
    const channels = (await this.#indices(value)) ?? this.fail(`the channels of "${site}" are not a list of indices`);
    nodes[site] = [...new Set(channels)].sort((a, b) => a - b);
  }

  /** Entries are [matrix source × target, sources, targets, (source site, target site)], perhaps in lists of lists. */
  async edges(pairs: TorchValue | undefined, key: string, scale: number): Promise<EdgeNumbers> {
    const numbers = new Map<`${NodeId} ${NodeId}`, number>();
    const listed = pairs instanceof Map ? [...pairs.values()] : Array.isArray(pairs) ? pairs : [];
    const entries = listed.flatMap((entry) => (Array.isArray(entry) && Array.isArray(entry[0]) ? entry : [entry]));
    for (const entry of entries) {
      if (await this.#addEdges(numbers, entry, scale)) continue;
      this.notes.push(`an entry of ${key} is left out: it is not a matrix, two lists of nodes and their two sites`);
    }
    return numbers;
  }

  async #addEdges(numbers: Map<`${NodeId} ${NodeId}`, number>, entry: TorchValue, scale: number): Promise<boolean> {
    const [matrix, from, to, sites] = Array.isArray(entry) ? entry : [];
    if (!(matrix instanceof TorchTensor) || matrix.shape.length !== 2 || !Array.isArray(sites)) return false;
    const [fromSite, toSite] = sites;
    // The sources end in "bias", which is no node.
    const sources = await this.#indices(Array.isArray(from) ? from.filter((id) => typeof id !== "string") : from);
    const targets = await this.#indices(to);
    if (typeof fromSite !== "string" || typeof toSite !== "string" || !sources || !targets) return false;
    const [rows, cols] = matrix.shape as [number, number];
    if (rows < sources.length || cols !== targets.length) return false;
    const [source, target] = [siteName(fromSite), siteName(toSite)];
    const values = await readValues(matrix);
    sources.forEach((s, row) => {
      targets.forEach((t, col) => {
        const number = values[row * cols + col]! * scale;
        if (number !== 0 && Number.isFinite(number)) numbers.set(`${nodeId(source, s)} ${nodeId(target, t)}`, number);
      });
    });
    return true;
  }

  async loss(value: TorchValue | undefined): Promise<number | undefined> {
    const number = await this.number(value);
    return number === undefined ? undefined : number / LOSSES_ARE_TIMES;
  }

  /** A number, or a tensor of one. */
  async number(value: TorchValue | undefined): Promise<number | undefined> {
    const number = value instanceof TorchTensor ? (await readValues(value))[0] : value;
    return typeof number === "number" && Number.isFinite(number) ? number : undefined;
  }

  /** Indices as a tensor of them, a mask of booleans, or a list. */
  async #indices(value: TorchValue | undefined): Promise<number[] | undefined> {
    const mask = value instanceof TorchTensor && value.type === "BOOL";
    const numbers: unknown = value instanceof TorchTensor ? Array.from(await readValues(value)) : value;
    if (!Array.isArray(numbers)) return undefined;
    const indices = mask ? numbers.flatMap((kept, index) => (kept === 0 ? [] : [index])) : (numbers as unknown[]);
    return indices.every((n): n is number => typeof n === "number" && Number.isSafeInteger(n) && n >= 0)
      ? (indices as number[])
      : undefined;
  }
}

function member(value: TorchValue | undefined, key: string): TorchValue | undefined {
  return value instanceof Map ? value.get(key) : undefined;
}
