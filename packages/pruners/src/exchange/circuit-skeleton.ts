import {
  compareSites,
  InputError,
  parseSite,
  type LayerSiteKind,
  type ModelConfig,
  type NodeFile,
  type SiteName,
} from "@filigree/core";
import { circuitMask } from "../circuit/node-file.ts";

/** What a `.circuit` file needs beside the nodes. */
export interface SkeletonSettings {
  readonly config: ModelConfig;
  /** The model's folder, as it is to stand in the file: relative to the file's own folder. */
  readonly modelPath: string;
  /** A built-in task, or a path such as `./data.jsonl`. Default: the task that the node file names. */
  readonly task?: string;
}

/** Channels that get one `let`. */
interface Group {
  readonly name: string;
  /** As the language writes them. */
  readonly sites: string;
}

/**
 * The beginning of a `.circuit` file: a `let` for the nodes of each site, of q, k and v for each head, then one claim
 * that all of them suffice. What the groups do is left to the reader to say. Labels of the node file stand between, as
 * comments.
 *
 * @throws InputError for a circuit without nodes, or with nodes that a model of this config does not have.
 */
export function circuitSkeleton(file: NodeFile, { config, modelPath, task = file.task }: SkeletonSettings): string {
  circuitMask(config, file);
  const sites = (Object.keys(file.nodes) as SiteName[]).sort(compareSites);
  const groups = sites.flatMap((site) => groupsOf(site, file.nodes[site]!, config));
  if (groups.length === 0) {
    throw new InputError({ what: "the circuit has no nodes, so there is nothing to state" });
  }
  const width = Math.max(...groups.map(({ name }) => name.length));
  return [
    `circuit ${quoted(`What the circuit of ${file.task} does`)}`,
    `model ${quoted(modelPath)}`,
    `task ${/^[a-z][a-z0-9_]*$/u.test(task) ? task : quoted(task)}`,
    "",
    "// The nodes, by site; queries, keys and values by head. Channels of a head are counted from its first one.",
    ...groups.map(({ name, sites: text }) => `let ${name.padEnd(width)} = ${text}`),
    "",
    ...labelsOf(file),
    `// Say what each of them does, such as: ${groups[0]!.name} at POSITION carries FEATURE`,
    `let kept = ${lines(groups.map(({ name }) => name))}`,
    "kept is sufficient",
    "",
  ].join("\n");
}

/** What the node file says of its nodes, as comments. */
function labelsOf({ labels = {} }: NodeFile): string[] {
  const lines = Object.entries(labels).map(([id, { text }]) => `//   ${id} ${oneLine(text)}`.trimEnd());
  return lines.length === 0 ? [] : ["// Labels of the node file:", ...lines, ""];
}

function groupsOf(site: SiteName, channels: readonly number[], config: ModelConfig): Group[] {
  const { layer, kind } = parseSite(site);
  const spelt = SPELLINGS[kind as LayerSiteKind];
  if (spelt !== undefined) {
    if (channels.length === 0) return [];
    const { name, site: words } = spelt(layer!);
    return [{ name, sites: `${words} ${ranges(channels)}` }];
  }
  const part = kind.at(-1)!;
  const heads = [...new Set(channels.map((channel) => Math.floor(channel / config.dHead)))].sort((a, b) => a - b);
  return heads.map((head) => {
    const own = channels.filter((channel) => Math.floor(channel / config.dHead) === head);
    const local = own.map((channel) => channel - head * config.dHead);
    const sites = `attn L${layer} head ${head}.${part} channels ${ranges(local)}`;
    return { name: `head${layer}_${head}_${part}`, sites };
  });
}

/** The sites that do not belong to heads. */
const SPELLINGS: Partial<Record<LayerSiteKind, (layer: number) => { name: string; site: string }>> = {
  "attn.act_in": (layer) => ({ name: `attn${layer}_reads`, site: `attn L${layer}.in channels` }),
  "attn.resid_delta": (layer) => ({ name: `attn${layer}_writes`, site: `attn L${layer} channels` }),
  "mlp.act_in": (layer) => ({ name: `mlp${layer}_reads`, site: `mlp L${layer}.in channels` }),
  "mlp.post_act": (layer) => ({ name: `mlp${layer}_neurons`, site: `mlp L${layer} neurons` }),
  "mlp.resid_delta": (layer) => ({ name: `mlp${layer}_writes`, site: `mlp L${layer} channels` }),
};

/** `3, 7-9, 12` */
function ranges(channels: readonly number[]): string {
  const sorted = [...channels].sort((a, b) => a - b);
  const parts: string[] = [];
  for (let start = 0; start < sorted.length;) {
    let end = start;
    while (sorted[end + 1] === sorted[end]! + 1) end++;
    parts.push(end === start ? `${sorted[start]}` : `${sorted[start]}-${sorted[end]}`);
    start = end + 1;
  }
  return parts.join(", ");
}

const LINE = 100;

/** Names joined by `+`; a line that ends in one goes on. */
function lines(names: readonly string[]): string {
  const written: string[] = [];
  let line = "";
  names.forEach((name, index) => {
    const part = index === names.length - 1 ? name : `${name} +`;
    if (line !== "" && line.length + part.length > LINE) {
      written.push(line);
      line = part;
    } else line = line === "" ? part : `${line} ${part}`;
  });
  return [...written, line].join("\n  ");
}

function quoted(text: string): string {
  return `"${oneLine(text).replace(/[\\"]/gu, "\\$&")}"`;
}

/** Text from a stranger's file, without anything that would end a line or hide one. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
}
