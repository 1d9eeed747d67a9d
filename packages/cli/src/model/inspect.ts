import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ModelCard, ModelConfig, ParameterRole, SparseRows, StoredCheckpoint } from "@filigree/core";
import type { SiteName } from "@filigree/sites";
import { layerConnections, streamConnections, type LayerConnections, type StreamConnections } from "./connections.ts";

export interface Sparsity {
  /** Weights that are not zero. */
  readonly nonzero: number;
  /** All weights. */
  readonly of: number;
  /** `nonzero / of`. */
  readonly density: number;
}

export interface InspectedParameter extends Sparsity {
  readonly name: string;
  readonly role: ParameterRole;
  readonly shape: readonly number[];
}

/** What there is to see of a checkpoint without running it. */
export interface Inspection {
  readonly directory: string;
  readonly hash: string;
  readonly config: ModelConfig;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** What the parameters take up in memory. */
  readonly memoryBytes: number;
  readonly kinds: readonly (Sparsity & { readonly role: ParameterRole })[];
  readonly parameters: readonly InspectedParameter[];
  readonly layers: readonly LayerConnections[];
  readonly stream: StreamConnections;
  /** Sites whose corpus means the checkpoint holds. */
  readonly means: readonly SiteName[];
  readonly card: ModelCard | undefined;
  /** What of the files was passed over. */
  readonly notes: readonly string[];
}

/**
 * @param onProgress hears how many parameters of how many have been read
 * @throws InputError for a missing, truncated or inconsistent checkpoint.
 */
export async function inspect(directory: string, onProgress: (read: number, of: number) => void): Promise<Inspection> {
  const { listParameters, parseModelCard, readCheckpoint, sparseRows } = await import("@filigree/core");
  const checkpoint: StoredCheckpoint = await readCheckpoint(directory, onProgress);
  const { config, values } = checkpoint;
  const matrices = new Map<string, SparseRows>();
  const parameters = listParameters(config).flatMap(({ name, role, shape }): InspectedParameter[] => {
    const data = values.get(name);
    if (!data) return [];
    const [rows, cols] = shape as [number, number?];
    const compressed = data instanceof Float32Array ? sparseRows(data, rows, cols ?? 1) : data;
    if (cols !== undefined) matrices.set(name, compressed);
    const of = rows * (cols ?? 1);
    return [{ name, role, shape, ...sparsity(compressed.values.length, of) }];
  });
  const cardPath = join(directory, "model-card.json");
  const files = await listFiles(directory);
  const hasCard = files.some(({ name }) => name === "model-card.json");
  return {
    directory,
    hash: checkpoint.hash,
    config,
    files,
    memoryBytes: [...values.values()].reduce((sum, data) => sum + memoryOf(data), 0),
    kinds: byRole(parameters),
    parameters,
    layers: Array.from({ length: config.nLayer }, (_, layer) => layerConnections(config, matrices, layer)),
    stream: streamConnections(config, matrices),
    means: [...checkpoint.means.keys()],
    card: hasCard ? parseModelCard(await readFile(cardPath, "utf8"), cardPath) : undefined,
    notes: checkpoint.notes,
  };
}

function memoryOf(data: Float32Array | SparseRows): number {
  if (data instanceof Float32Array) return data.byteLength;
  return data.rowStarts.byteLength + data.columns.byteLength + data.values.byteLength;
}

function sparsity(nonzero: number, of: number): Sparsity {
  return { nonzero, of, density: of === 0 ? 0 : nonzero / of };
}

function byRole(parameters: readonly InspectedParameter[]): (Sparsity & { role: ParameterRole })[] {
  const roles = [...new Set(parameters.map(({ role }) => role))];
  return roles.map((role) => {
    const own = parameters.filter((parameter) => parameter.role === role);
    const sum = (key: "nonzero" | "of") => own.reduce((total, parameter) => total + parameter[key], 0);
    return { role, ...sparsity(sum("nonzero"), sum("of")) };
  });
}

async function listFiles(directory: string): Promise<{ name: string; bytes: number }[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  return Promise.all(names.sort().map(async (name) => ({ name, bytes: (await stat(join(directory, name))).size })));
}
