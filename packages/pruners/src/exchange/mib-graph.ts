import { InputError, JsonValue } from "@filigree/core";

/** `input`, `a<layer>.h<head>`, `m<layer>` or `logits`. */
export type MibComponent = string;

/** `<component>-><component>`; into a head with `<q>`, `<k>` or `<v>` after it. */
export type MibEdge = string;

/** The sizes that decide which components and edges there are. */
export interface MibSizes {
  readonly nLayer: number;
  readonly nHead: number;
  readonly dModel: number;
}

/**
 * A circuit of whole heads and MLP blocks, as EAP-IG's `Graph.to_json` writes it and the circuit track of the
 * Mechanistic Interpretability Benchmark (MIB; Mueller et al. 2025) takes it.
 */
export interface MibGraph extends MibSizes {
  /** The components in the circuit. */
  readonly components: ReadonlySet<MibComponent>;
  /** Which channels of the stream a component writes in the circuit, where the graph says it. */
  readonly neurons: ReadonlyMap<MibComponent, readonly boolean[]>;
  /** The edges in the circuit, each with its score; undefined where it has none. */
  readonly edges: ReadonlyMap<MibEdge, number | undefined>;
}

/** The components of a model in forward order. */
export function listComponents({ nLayer, nHead }: MibSizes): MibComponent[] {
  const layers = Array.from({ length: nLayer }, (_, layer) => [...headsOf(layer, nHead), `m${layer}`]);
  return ["input", ...layers.flat(), "logits"];
}

/** Every edge that a model without parallel blocks can have, in the order of EAP-IG. */
export function* listEdges({ nLayer, nHead }: MibSizes): Generator<MibEdge> {
  const stream = ["input"];
  for (let layer = 0; layer < nLayer; layer++) {
    const heads = headsOf(layer, nHead);
    for (const from of stream) for (const head of heads) for (const part of "qkv") yield `${from}->${head}<${part}>`;
    stream.push(...heads);
    for (const from of stream) yield `${from}->m${layer}`;
    stream.push(`m${layer}`);
  }
  for (const from of stream) yield `${from}->logits`;
}

function headsOf(layer: number, nHead: number): MibComponent[] {
  return Array.from({ length: nHead }, (_, head) => `a${layer}.h${head}`);
}

/** The JSON of a graph: every component and every edge of the model, in the circuit or not, one a line. */
export function formatMibGraph(graph: MibGraph): string {
  const cfg = { n_layers: graph.nLayer, n_heads: graph.nHead, parallel_attn_mlp: false, d_model: graph.dModel };
  const nodes = listComponents(graph).map((name) => {
    const neurons = graph.neurons.get(name);
    return member(name, { in_graph: graph.components.has(name), ...(neurons && { neurons }) });
  });
  const edges = [...listEdges(graph)].map((name) =>
    member(name, { score: graph.edges.get(name) ?? 0, in_graph: graph.edges.has(name) }),
  );
  return `{"cfg": ${JSON.stringify(cfg)},\n"nodes": {\n${nodes.join(",\n")}\n},\n"edges": {\n${edges.join(",\n")}\n}}\n`;
}

function member(name: string, value: unknown): string {
  return `${JSON.stringify(name)}: ${JSON.stringify(value)}`;
}

/**
 * Reads the JSON of a graph. Python's `NaN` and `Infinity`, which JSON does not have, count as no number.
 *
 * @param where the file's name, for messages
 * @throws InputError with the key's path for anything that is not such a graph.
 */
export function parseMibGraph(text: string, where: string): { graph: MibGraph; notes: readonly string[] } {
  const document = JsonValue.parse(withoutPythonNumbers(text), where);
  const notes = new Set<string>();
  const passedOver = (place: string, key: string): unknown =>
    notes.add(`${where}: the key "${key}" of ${place} is not read`);
  const { cfg, nodes, edges } = members(document, ["cfg", "nodes", "edges"], (key) => passedOver("the graph", key));
  const sizes = readSizes(required(document, cfg, "cfg"));
  const known = new Set(listComponents(sizes));
  const components = new Set<MibComponent>();
  const neurons = new Map<MibComponent, boolean[]>();
  for (const [name, value] of required(document, nodes, "nodes").entries()) {
    if (!known.has(name)) value.fail(`the model of the graph has no component "${name}"`, SHAPES);
    const node = readInGraph(value, NODE_KEYS, (key) => passedOver("nodes", key));
    if (node.inGraph) components.add(name);
    if (node.members.neurons) neurons.set(name, readNeurons(node.members.neurons, name, sizes));
  }
  const kept = new Map<MibEdge, number | undefined>();
  for (const [name, value] of required(document, edges, "edges").entries()) {
    if (!isEdge(name, known)) value.fail(`the model of the graph has no edge "${name}"`, EDGE_SHAPES);
    const { inGraph, members: edge } = readInGraph(value, EDGE_KEYS, (key) => passedOver("edges", key));
    if (inGraph)
      kept.set(name, edge.score === undefined || edge.score.any() === null ? undefined : edge.score.number());
  }
  return { graph: { ...sizes, components, neurons, edges: kept }, notes: [...notes] };
}

/** From a component to a later one; into a head with the letter of what it enters. */
function isEdge(name: MibEdge, known: ReadonlySet<MibComponent>): boolean {
  const [, from, to, part] = /^([^<>-]+)->([^<>-]+)(?:<([qkv])>)?$/u.exec(name) ?? [];
  if (from === undefined || to === undefined || !known.has(from) || !known.has(to)) return false;
  return (part !== undefined) === to.startsWith("a") && rankOf(from) < rankOf(to);
}

/** Components of one rank do not feed each other: the heads of a layer. */
function rankOf(name: MibComponent): number {
  if (name === "input") return -1;
  if (name === "logits") return Infinity;
  const layer = Number(/^[am](\d+)/u.exec(name)![1]);
  return 2 * layer + (name.startsWith("m") ? 1 : 0);
}

const SHAPES = `"input", "a0.h1", "m0" or "logits", within the sizes of cfg`;
const EDGE_SHAPES = `such as "a0.h1->m1" or "m0->a1.h0<q>", from an earlier component to a later one`;
const NODE_KEYS = ["in_graph", "score", "neurons", "neurons_scores"] as const;
const EDGE_KEYS = ["in_graph", "score"] as const;
/** More would be an attack rather than a model. */
const MOST_COMPONENTS = 20_000;

function readSizes(cfg: JsonValue): MibSizes {
  const found = new Map(cfg.entries());
  const size = (key: string): number => {
    const value = required(cfg, found.get(key), key);
    return value.index() > 0 ? value.index() : value.fail("0 found", "a whole number from 1");
  };
  if (found.get("parallel_attn_mlp")?.any() === true) {
    found.get("parallel_attn_mlp")!.fail("attention and MLP stand side by side in this model", "one after the other");
  }
  const sizes = { nLayer: size("n_layers"), nHead: size("n_heads"), dModel: size("d_model") };
  if (sizes.nLayer * (sizes.nHead + 1) > MOST_COMPONENTS) {
    cfg.fail(`${sizes.nLayer} layers of ${sizes.nHead} heads are too many`, `at most ${MOST_COMPONENTS} components`);
  }
  return sizes;
}

/** An object with `in_graph`, or the boolean alone, as older files have it. */
function readInGraph<Key extends string>(
  value: JsonValue,
  keys: readonly Key[],
  unknown: (key: string) => unknown,
): { inGraph: boolean; members: Partial<Record<Key, JsonValue>> } {
  const alone = value.any();
  if (typeof alone === "boolean") return { inGraph: alone, members: {} };
  const found = members(value, keys, unknown);
  const inGraph = required(value, found["in_graph" as Key], "in_graph");
  return { inGraph: readFlag(inGraph), members: found };
}

/** One flag a channel of the stream. For a head also a list of such lists, one for each head of its layer. */
function readNeurons(value: JsonValue, name: MibComponent, { nHead, dModel }: MibSizes): boolean[] {
  let flags = value.array();
  const head = /\.h(\d+)$/u.exec(name)?.[1];
  if (head !== undefined && flags[0]?.isArray()) {
    if (flags.length !== nHead) value.fail(`${flags.length} lists found`, `${nHead}: one a head`);
    flags = flags[Number(head)]!.array();
  }
  if (flags.length !== dModel) value.fail(`${flags.length} neurons found`, `${dModel}: one a channel of the stream`);
  return flags.map(readFlag);
}

/** Python programs also write 0.0 and 1.0. */
function readFlag(value: JsonValue): boolean {
  const flag = value.any();
  if (typeof flag === "boolean") return flag;
  return flag === 0 || flag === 1 ? flag === 1 : value.fail(`${JSON.stringify(flag)} found`, "true or false");
}

function members<Key extends string>(
  value: JsonValue,
  keys: readonly Key[],
  unknown: (key: string) => unknown,
): Partial<Record<Key, JsonValue>> {
  const entries = value.entries();
  for (const [key] of entries) if (!(keys as readonly string[]).includes(key)) unknown(key);
  return Object.fromEntries(entries) as Partial<Record<Key, JsonValue>>;
}

function required(parent: JsonValue, value: JsonValue | undefined, key: string): JsonValue {
  return value ?? parent.fail(`the key "${key}" is missing`, "a graph as EAP-IG's Graph.to_json writes it");
}

function withoutPythonNumbers(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\bNaN\b|-?\bInfinity\b/gsu, (found) =>
    found.startsWith('"') ? found : "null",
  );
}

/** @throws InputError where the graph was made for a model of other sizes. */
export function checkMibSizes(graph: MibGraph, model: MibSizes, where: string): void {
  for (const [size, key] of [
    ["nLayer", "n_layers"],
    ["nHead", "n_heads"],
    ["dModel", "d_model"],
  ] as const) {
    if (graph[size] === model[size]) continue;
    throw new InputError({
      what: `the graph is of a model with ${key} = ${graph[size]}`,
      where: `${where}: cfg.${key}`,
      expected: `${model[size]}, as the model has`,
    });
  }
}
