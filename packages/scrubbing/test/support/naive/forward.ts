import type { Loctype, Model, ModelConfig } from "@filigree/core";

// The model once more, from its parameters alone: one prompt, double precision, plain loops, nothing shared with the
// engine. Norms are RMSNorm or none; positions are added or none.

/** A site of one run: [token][channel]. A pattern is [query][head · keys + key]. */
export type Grid = number[][];

/** Sees each site as it is made, may change it in place. */
export type Visit = (site: string, value: Grid, shown: ReadonlyMap<string, Grid>) => void;

/** Runs a prompt, [token ids]; every site as it was shown, `logits` included. */
export type NaiveForward = (ids: readonly number[], visit?: Visit) => Map<string, Grid>;

/** Reads the model's weights. */
export function naiveModel(model: Model): NaiveForward {
  const weights = new Map<string, Grid | undefined>();
  const read = (name: string, from: () => Grid | undefined): Grid | undefined => {
    if (!weights.has(name)) weights.set(name, from());
    return weights.get(name);
  };
  const matrix = (name: string) => read(name, () => storedMatrix(model, name))!;
  const vector = (name: string) => read(name, () => storedVector(model, name))?.[0];
  return (ids, visit = () => undefined) => run(model.config, { matrix, vector }, ids, visit);
}

interface Weights {
  /** [out][in], or [row][channel] of a table. */
  matrix(name: string): Grid;
  /** Undefined where the model has none. */
  vector(name: string): readonly number[] | undefined;
}

function run(
  config: ModelConfig,
  { matrix, vector }: Weights,
  ids: readonly number[],
  visit: Visit,
): Map<string, Grid> {
  const shown = new Map<string, Grid>();
  const show = (site: string, value: Grid): Grid => {
    visit(site, value, shown);
    shown.set(site, value);
    return value;
  };
  const norm = (x: Grid, name: string): Grid => {
    if (config.norm === "none") return x.map((row) => [...row]);
    const gain = vector(`${name}.weight`)!;
    return x.map((row) => {
      const size = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / row.length + 2 ** -23);
      return row.map((v, c) => (v / size) * gain[c]!);
    });
  };
  const linear = (x: Grid, name: string): Grid => {
    const weight = matrix(`${name}.weight`);
    const bias = vector(`${name}.bias`);
    return x.map((row) => weight.map((from, c) => dot(from, row) + (bias?.[c] ?? 0)));
  };
  const select = (x: Grid, place: Loctype): Grid =>
    config.afrac !== null && config.afracLoctypes.includes(place)
      ? x.map((row) => largest(row, Math.floor(config.afrac! * row.length)))
      : copy(x);
  const plus = (x: Grid, y: Grid): Grid => x.map((row, t) => row.map((v, c) => v + y[t]![c]!));

  const embedding = matrix("transformer.wte.weight");
  let x: Grid = ids.map((id) => [...embedding[id]!]);
  if (config.positions === "added") x = plus(x, matrix("transformer.wpe.weight"));
  x = show("embed", x);
  for (let i = 0; i < config.nLayer; i++) {
    const h = `transformer.h.${i}`;
    x = show(`${i}.resid_in`, copy(x));
    const attentionIn = show(`${i}.attn.act_in`, select(norm(x, `${h}.ln_1`), "attn_in"));
    const qkv = linear(attentionIn, `${h}.attn.c_attn`);
    const width = config.nHead * config.dHead;
    const third = (n: number, place: Loctype) =>
      select(
        qkv.map((row) => row.slice(n * width, (n + 1) * width)),
        place,
      );
    const q = show(`${i}.attn.q`, third(0, "attn_q"));
    const k = show(`${i}.attn.k`, third(1, "attn_k"));
    const v = show(`${i}.attn.v`, third(2, "attn_v"));
    const pattern = show(`${i}.attn.pattern`, attend(config, vector(`${h}.attn.attn_imp.sink_logit`), q, k));
    const y = show(`${i}.attn.y`, mix(config, pattern, v));
    const attentionOut = show(`${i}.attn.resid_delta`, select(linear(y, `${h}.attn.c_proj`), "attn_out"));
    x = show(`${i}.resid_mid`, plus(x, attentionOut));
    const mlpIn = show(`${i}.mlp.act_in`, select(norm(x, `${h}.ln_2`), "mlp_in"));
    const activation = config.activation === "gelu" ? gelu : (v: number) => Math.max(v, 0);
    const neurons = linear(mlpIn, `${h}.mlp.c_fc`).map((row) => row.map(activation));
    const post = show(`${i}.mlp.post_act`, select(neurons, "mlp_neuron"));
    x = plus(x, show(`${i}.mlp.resid_delta`, select(linear(post, `${h}.mlp.c_proj`), "mlp_out")));
  }
  x = show("final_resid", copy(x));
  const logitsBias = vector("final_logits_bias");
  const logits = linear(norm(x, "transformer.ln_f"), "lm_head");
  show(
    "logits",
    logits.map((row) => row.map((v, o) => v + (logitsBias?.[o] ?? 0))),
  );
  return shown;
}

function attend(config: ModelConfig, sinks: readonly number[] | undefined, q: Grid, k: Grid): Grid {
  return q.map((query, row) =>
    heads(config.nHead).flatMap((h) => {
      const of = (x: readonly number[]) => x.slice(h * config.dHead, (h + 1) * config.dHead);
      const sees = (key: number) => !config.causal || key <= row;
      const weights = k.map((key, t) => (sees(t) ? Math.exp(dot(of(query), of(key)) / Math.sqrt(config.dHead)) : 0));
      const total = sum(weights) + (sinks ? Math.exp(sinks[h]!) : 0);
      return weights.map((weight) => weight / total);
    }),
  );
}

function mix(config: ModelConfig, pattern: Grid, v: Grid): Grid {
  const keys = v.length;
  return pattern.map((row) =>
    v[0]!.map((_, c) => sum(v.map((value, key) => row[Math.floor(c / config.dHead) * keys + key]! * value[c]!))),
  );
}

/** AbsTopK: all but the `count` values that are largest in size become 0. Of equals the first stay. */
function largest(row: readonly number[], count: number): number[] {
  const order = row.map((_, c) => c).sort((a, b) => Math.abs(row[b]!) - Math.abs(row[a]!) || a - b);
  const kept = new Set(order.slice(0, count));
  return row.map((value, c) => (kept.has(c) ? value : 0));
}

/** x · Φ(x), by the series of the error function; where single precision has no tail, without it. */
function gelu(x: number): number {
  if (Math.abs(x) > 7) return Math.max(x, 0);
  let [term, series] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-18 && n < 500; n++) {
    term *= (x * x) / (2 * n + 1);
    series += term;
  }
  return x * (0.5 + (series * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI));
}

function storedMatrix({ parameters }: Model, name: string): Grid {
  if (/wte|wpe/.test(name)) return parameters.table(name).arraySync();
  const stored = parameters.matrix(name);
  if (!("toCompressed" in stored)) return stored.arraySync();
  const { rows, cols, rowStarts, columns, values } = stored.toCompressed();
  const dense = Array.from({ length: rows }, () => Array.from({ length: cols }, () => 0));
  for (let row = 0; row < rows; row++) {
    for (let i = rowStarts[row]!; i < rowStarts[row + 1]!; i++) dense[row]![columns[i]!] = values[i]!;
  }
  return dense;
}

function storedVector({ parameters }: Model, name: string): Grid | undefined {
  const values = parameters.optional(name)?.arraySync();
  return values && [values];
}

function heads(count: number): number[] {
  return Array.from({ length: count }, (_, h) => h);
}

function copy(x: Grid): Grid {
  return x.map((row) => [...row]);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((total, value, i) => total + value * b[i]!, 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
