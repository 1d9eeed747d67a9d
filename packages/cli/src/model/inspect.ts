import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Model, ModelCard, ModelConfig, ParameterRole, ParameterSpec } from "@filigree/core";
import type { SiteName } from "@filigree/sites";
import { withModel } from "./with-model.ts";

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

/** Parts of one layer that can do nothing but add a constant, by the zeros of the weights around them. */
export interface DeadParts {
  readonly layer: number;
  readonly neurons: { readonly dead: number; readonly of: number };
  readonly heads: { readonly dead: readonly number[]; readonly of: number };
}

/** What there is to see of a checkpoint without running it. */
export interface Inspection {
  readonly directory: string;
  readonly hash: string;
  readonly config: ModelConfig;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  readonly kinds: readonly (Sparsity & { readonly role: ParameterRole })[];
  readonly parameters: readonly InspectedParameter[];
  readonly layers: readonly DeadParts[];
  /** Sites whose corpus means the checkpoint holds. */
  readonly means: readonly SiteName[];
  readonly card: ModelCard | undefined;
}

/** @throws InputError for a missing, truncated or inconsistent checkpoint. */
export async function inspect(directory: string): Promise<Inspection> {
  const { listParameters, parseModelCard } = await import("@filigree/core");
  return withModel(directory, "wasm", async (model) => {
    const values = new Map<string, Float32Array>();
    const parameters = listParameters(model.config).flatMap((spec): InspectedParameter[] => {
      if (!model.parameters.has(spec.name)) return [];
      const data = valuesOf(model, spec);
      values.set(spec.name, data);
      return [{ name: spec.name, role: spec.role, shape: spec.shape, ...sparsity(nonzeros(data), data.length) }];
    });
    const cardPath = join(directory, "model-card.json");
    const files = await listFiles(directory);
    const hasCard = files.some(({ name }) => name === "model-card.json");
    return {
      directory,
      hash: model.hash,
      config: model.config,
      files,
      kinds: byRole(parameters),
      parameters,
      layers: Array.from({ length: model.config.nLayer }, (_, layer) => deadParts(model.config, values, layer)),
      means: [...model.means.keys()],
      card: hasCard ? parseModelCard(await readFile(cardPath, "utf8"), cardPath) : undefined,
    };
  });
}

/** A parameter's values, row-major. */
function valuesOf(model: Model, { name, role }: ParameterSpec): Float32Array {
  if (role !== "block" && role !== "unembedding" && role !== "bigram") {
    return role === "embedding" || role === "positions"
      ? model.parameters.table(name).dataSync<"float32">()
      : model.parameters.vector(name).dataSync<"float32">();
  }
  const dense = model.parameters.sparse(name).toDense();
  const data = dense.dataSync<"float32">().slice();
  dense.dispose();
  return data;
}

function nonzeros(data: Float32Array): number {
  return data.reduce((n, value) => n + (value === 0 ? 0 : 1), 0);
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

function deadParts(config: ModelConfig, values: ReadonlyMap<string, Float32Array>, layer: number): DeadParts {
  const { dModel, dMlp, nHead, dHead } = config;
  const weights = (name: string) => values.get(`transformer.h.${layer}.${name}.weight`)!;
  const attention = nHead * dHead;
  const neuronsIn = liveRows(weights("mlp.c_fc"), dModel);
  const neuronsOut = liveColumns(weights("mlp.c_proj"), dMlp);
  const valuesIn = liveRows(weights("attn.c_attn"), dModel).slice(2 * attention);
  const headsOut = liveColumns(weights("attn.c_proj"), attention);
  const heads = Array.from({ length: nHead }, (_, head) => head);
  const liveChannel = (c: number) => valuesIn[c] === true && headsOut[c] === true;
  return {
    layer,
    neurons: { dead: neuronsIn.filter((live, j) => !live || !neuronsOut[j]).length, of: dMlp },
    heads: {
      dead: heads.filter((head) => !Array.from({ length: dHead }, (_, c) => head * dHead + c).some(liveChannel)),
      of: nHead,
    },
  };
}

/** For each row of a [rows, cols] matrix: whether it has a nonzero. */
function liveRows(matrix: Float32Array, cols: number): boolean[] {
  return Array.from({ length: matrix.length / cols }, (_, r) =>
    matrix.subarray(r * cols, (r + 1) * cols).some((value) => value !== 0),
  );
}

/** For each column of a [rows, cols] matrix: whether it has a nonzero. */
function liveColumns(matrix: Float32Array, cols: number): boolean[] {
  const live = Array.from({ length: cols }, () => false);
  matrix.forEach((value, i) => {
    if (value !== 0) live[i % cols] = true;
  });
  return live;
}

async function listFiles(directory: string): Promise<{ name: string; bytes: number }[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile()).map((entry) => entry.name);
  return Promise.all(names.sort().map(async (name) => ({ name, bytes: (await stat(join(directory, name))).size })));
}
