import { InputError } from "./input-error.ts";
import { nodeId, parseNodeId, type NodeId } from "./node-id.ts";
import { compareSites, NODE_SITE_KINDS, parseSite, siteName, type LayerSiteKind, type SiteName } from "./site-name.ts";
import { JsonValue } from "./strict-json.ts";

/** Name and version of the format: a circuit as data. */
export const NODE_FILE_FORMAT = "filigree.nodes/1";

/** A nonzero weight between two nodes of a circuit. */
export interface NodeFileEdge {
  readonly from: NodeId;
  readonly to: NodeId;
  readonly weight: number;
  /** By how much the task loss rises when this edge alone is cut, in nats. */
  readonly effect?: number;
}

/** What a node does, in words. */
export interface NodeFileLabel {
  readonly text: string;
  readonly by: "human" | "auto";
}

/** A pruned circuit: which nodes a task needs, how well they do alone, and how they were found. */
export interface NodeFile {
  readonly format: typeof NODE_FILE_FORMAT;
  /** SHA-256 of the model, 64 hexadecimal digits. */
  readonly model: string;
  readonly task: string;
  /** Flat channels kept, by site, ascending. */
  readonly nodes: Readonly<Record<SiteName, readonly number[]>>;
  readonly edges: readonly NodeFileEdge[];
  /**
   * What the nodes outside the circuit show: their mean, over the training corpus or over the task's data, 0, or what
   * another example shows there.
   */
  readonly ablation: { readonly kind: "mean" | "zero" | "resample"; readonly means: "model" | "task" };
  /** Final logits are `scale * logits + shift`; a list has one shift per output channel. */
  readonly calibration?: { readonly scale: number; readonly shift: number | readonly number[] };
  /**
   * Task losses in nats: of the circuit on both splits, on test without calibration, and of the whole model on test.
   * null: nobody has measured it.
   */
  readonly loss: Readonly<Record<"dev" | "test" | "uncalibrated" | "model", number | null>>;
  readonly found: {
    readonly pruner: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly seed: number;
    /** The task loss that the circuit was allowed on the dev split, in nats. Older files do not say. */
    readonly target?: number;
    /** The most work that the pruner was allowed, in sequences run forward. Absent: any. */
    readonly budget?: number;
  };
  readonly labels?: Readonly<Record<NodeId, NodeFileLabel>>;
}

/**
 * Reads a node file.
 * @param where the file's name, for messages
 * @throws InputError with the key's path: not JSON, a newer version, a missing or unknown key, a wrong value
 */
export function parseNodeFile(text: string, where: string): NodeFile {
  const document = JsonValue.parse(text, where);
  checkFormat(document);
  const file = document.object([
    "format",
    "model",
    "task",
    "nodes",
    "edges",
    "ablation",
    "calibration?",
    "loss",
    "found",
    "labels?",
  ]);
  const nodes = readNodes(file.nodes);
  const ablation = file.ablation.object(["kind", "means"]);
  const loss = file.loss.object(["dev", "test", "uncalibrated", "model"]);
  const found = file.found.object(["pruner", "options", "seed", "target?", "budget?"]);
  found.options.entries();
  return {
    format: NODE_FILE_FORMAT,
    model: readHash(file.model),
    task: file.task.text(),
    nodes,
    edges: file.edges.array().map((edge) => readEdge(edge, nodes)),
    ablation: { kind: ablation.kind.oneOf("mean", "zero", "resample"), means: ablation.means.oneOf("model", "task") },
    ...(file.calibration === undefined ? {} : { calibration: readCalibration(file.calibration) }),
    loss: {
      dev: readLoss(loss.dev),
      test: readLoss(loss.test),
      uncalibrated: readLoss(loss.uncalibrated),
      model: readLoss(loss.model),
    },
    found: {
      pruner: found.pruner.text(),
      options: found.options.any() as Record<string, unknown>,
      seed: found.seed.index(),
      ...(found.target === undefined ? {} : { target: found.target.number() }),
      ...(found.budget === undefined ? {} : { budget: found.budget.number() }),
    },
    ...(file.labels === undefined ? {} : { labels: readLabels(file.labels) }),
  };
}

function checkFormat(document: JsonValue): void {
  const format = new Map(document.entries()).get("format");
  const text = format?.text() ?? document.fail('the key "format" is missing', `"${NODE_FILE_FORMAT}"`);
  if (text === NODE_FILE_FORMAT) return;
  const version = /^filigree\.nodes\/(\d+)$/.exec(text)?.[1];
  if (version !== undefined && Number(version) > 1) {
    format!.fail(
      `the file is of version ${version}, newer than this program knows`,
      `"${NODE_FILE_FORMAT}"`,
      "update filigree",
    );
  }
  format!.fail(`"${text}" is not a node file`, `"${NODE_FILE_FORMAT}"`);
}

function readHash(value: JsonValue): string {
  const text = value.text();
  return /^[0-9a-f]{64}$/.test(text)
    ? text
    : value.fail(`"${text}" found`, "a SHA-256: 64 hexadecimal digits, lower case");
}

function readNodes(value: JsonValue): Record<SiteName, readonly number[]> {
  return Object.fromEntries(
    value.entries().map(([key, channels]): [SiteName, number[]] => {
      const site = located(channels, () => siteName(key));
      if (!isNodeSite(site)) {
        channels.fail(`the channels of "${site}" are not nodes`, `sites of a layer: ${NODE_SITE_KINDS.join(", ")}`);
      }
      const indices = channels.array().map((channel) => channel.index());
      if (new Set(indices).size < indices.length) channels.fail("a channel is listed twice");
      return [site, indices.sort((a, b) => a - b)];
    }),
  );
}

function readLoss(value: JsonValue): number | null {
  return value.any() === null ? null : value.number();
}

function readEdge(value: JsonValue, nodes: Readonly<Record<SiteName, readonly number[]>>): NodeFileEdge {
  const edge = value.object(["from", "to", "weight", "effect?"]);
  return {
    from: readEnd(edge.from, nodes),
    to: readEnd(edge.to, nodes),
    weight: edge.weight.number(),
    ...(edge.effect === undefined ? {} : { effect: edge.effect.number() }),
  };
}

/** An edge may end outside the prunable sites (an embedding channel, a logit), but not at a node that was pruned away. */
function readEnd(value: JsonValue, nodes: Readonly<Record<SiteName, readonly number[]>>): NodeId {
  const { site, channel } = located(value, () => parseNodeId(value.text()));
  if (isNodeSite(site) && !nodes[site]?.includes(channel))
    value.fail(`"${value.text()}" is not among the file's nodes`);
  return nodeId(site, channel);
}

function readCalibration(value: JsonValue): { scale: number; shift: number | readonly number[] } {
  const { scale, shift } = value.object(["scale", "shift"]);
  return { scale: scale.number(), shift: shift.isArray() ? shift.array().map((one) => one.number()) : shift.number() };
}

function readLabels(value: JsonValue): Record<NodeId, NodeFileLabel> {
  return Object.fromEntries(
    value.entries().map(([key, label]): [NodeId, NodeFileLabel] => {
      const { site, channel } = located(label, () => parseNodeId(key));
      const { text, by } = label.object(["text", "by"]);
      return [nodeId(site, channel), { text: text.text(), by: by.oneOf("human", "auto") }];
    }),
  );
}

/** Adds the place in the file to an InputError about a name. */
function located<Result>(value: JsonValue, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof InputError && error.where === undefined) value.fail(error.what, error.expected, error.hint);
    throw error;
  }
}

function isNodeSite(site: SiteName): boolean {
  return NODE_SITE_KINDS.includes(parseSite(site).kind as LayerSiteKind);
}

/** Writes a node file: sites in forward order, channels ascending, one edge or label a line; equal circuits give equal bytes. */
export function formatNodeFile(file: NodeFile): string {
  const sites = (Object.keys(file.nodes) as SiteName[]).sort(compareSites);
  const labels = Object.entries(file.labels ?? {}).sort(([a], [b]) => compareNodes(a, b));
  const members = [
    member("format", NODE_FILE_FORMAT),
    member("model", file.model),
    member("task", file.task),
    block(
      "nodes",
      "{}",
      sites.map((site) =>
        member(
          site,
          [...file.nodes[site]!].sort((a, b) => a - b),
        ),
      ),
    ),
    block(
      "edges",
      "[]",
      file.edges.map(({ from, to, weight, effect }) => JSON.stringify({ from, to, weight, effect })),
    ),
    member("ablation", { kind: file.ablation.kind, means: file.ablation.means }),
    ...(file.calibration
      ? [member("calibration", { scale: file.calibration.scale, shift: file.calibration.shift })]
      : []),
    member("loss", {
      dev: file.loss.dev,
      test: file.loss.test,
      uncalibrated: file.loss.uncalibrated,
      model: file.loss.model,
    }),
    member("found", foundInOrder(file.found)),
    ...(file.labels
      ? [
          block(
            "labels",
            "{}",
            labels.map(([id, { text, by }]) => member(id, { text, by })),
          ),
        ]
      : []),
  ];
  return `{\n${members.map((line) => `  ${line}`).join(",\n")}\n}\n`;
}

function member(key: string, value: unknown): string {
  return `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
}

function block(key: string, [open, close]: string | string[], lines: readonly string[]): string {
  if (lines.length === 0) return `${JSON.stringify(key)}: ${open}${close}`;
  return `${JSON.stringify(key)}: ${open}\n${lines.map((line) => `    ${line}`).join(",\n")}\n  ${close}`;
}

function compareNodes(a: string, b: string): number {
  const [left, right] = [parseNodeId(a), parseNodeId(b)];
  return compareSites(left.site, right.site) || left.channel - right.channel;
}

/** Keys in a fixed order; those that are left out stay so. */
function foundInOrder({ pruner, options, seed, target, budget }: NodeFile["found"]): NodeFile["found"] {
  return {
    pruner,
    options,
    seed,
    ...(target === undefined ? {} : { target }),
    ...(budget === undefined ? {} : { budget }),
  };
}
