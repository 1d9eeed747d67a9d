import * as tf from "@tensorflow/tfjs-core";
import {
  disposeModel,
  forward,
  listSites,
  LOCTYPES,
  randomStream,
  seed,
  siteAt,
  siteName,
  type Edit,
  type Model,
  type ModelConfig,
  type RandomStream,
  type SiteName,
} from "@filigree/core";
import type { Position, SitePart, Statement } from "@filigree/hypothesis";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { DatasetExample } from "../../src/data/dataset.ts";
import { NonzeroWeights } from "../../src/static/nonzero-weights.ts";
import { proveStatement } from "../../src/static/prove.ts";
import { makeModel, PLAIN } from "../support/make-model.ts";
import { anyConfig } from "../support/random-case.ts";

// Whatever is proven is tried: A is overwritten with anything, C is held, and B must not change by a bit.

const SEQ = 5;
const PROMPTS = 8;

const sparseConfig: fc.Arbitrary<ModelConfig> = fc
  .tuple(
    anyConfig,
    fc.record({
      nLayer: fc.constantFrom(1, 2, 3),
      norm: fc.constantFrom("rms", "layer", "none", "none"),
      afrac: fc.constantFrom(null, null, 0.5),
      afracLoctypes: fc.constant(LOCTYPES),
      residualActivation: fc.constantFrom("identity", "relu"),
      bigram: fc.boolean(),
      place: fc.constantFrom("none", "added", "concatenated"),
    }),
  )
  .map(([config, { place, ...more }]) => ({
    ...config,
    ...more,
    positions: place as ModelConfig["positions"],
    dPos: place === "concatenated" ? 2 : 0,
  }));

/** Few weights, some biases, and embeddings of which some channels are the same for all tokens. */
function sparseModel(config: ModelConfig, random: RandomStream): Promise<Model> {
  const shared = new Map<number, number>();
  return makeModel(config, {}, (name, _, column) => {
    const density = name.endsWith("bias") ? 0.3 : name.includes("lm_head") ? 0.4 : 0.15;
    if (name.includes("wte") && column % 3 === 0) {
      if (!shared.has(column)) shared.set(column, random.uniform() < 0.5 ? 0 : random.normal());
      return shared.get(column)!;
    }
    return random.uniform() < density ? 3 * random.normal() : 0;
  });
}

function prompts(config: ModelConfig, random: RandomStream): DatasetExample[] {
  const [a, b] = [random.integer(SEQ), random.integer(SEQ)];
  return Array.from({ length: PROMPTS }, (_, index): DatasetExample => {
    const ids = Array.from({ length: SEQ }, () => random.integer(config.vocabSize));
    // Sometimes the two positions keep their order, sometimes they fall together.
    const moved = random.uniform() < 0.3 ? random.integer(SEQ) : b;
    return {
      ids,
      answer: 0,
      answers: [0, 1],
      position: SEQ - 1,
      features: {},
      positions: { a, b: moved, last: SEQ - 1 },
      template: "",
      split: "test",
      index,
      taskIndex: index,
      cluster: index,
      partner: undefined,
      tokens: ids.join(),
    };
  });
}

const anyPosition: fc.Arbitrary<Position> = fc.constantFrom<Position>(
  { kind: "named", name: "a" },
  { kind: "named", name: "b" },
  { kind: "named", name: "last" },
  { kind: "index", index: 1 },
  { kind: "all" },
);

function anyPart(config: ModelConfig, random: RandomStream, position: Position, logits: boolean): SitePart {
  const sites = listSites(config.nLayer).filter((site) => site !== "logits");
  const site = logits ? siteName("logits") : sites[random.integer(sites.length)]!;
  const width = widthOf(config, site);
  if (logits || random.uniform() < 0.2) return { site, channels: "all", position };
  const channels = random
    .sample(
      Array.from({ length: width }, (_, c) => c),
      1 + random.integer(2),
    )
    .sort((x, y) => x - y);
  return { site, channels, position };
}

function widthOf({ nHead, dHead, dModel, dMlp, dPos }: ModelConfig, site: SiteName): number {
  if (site.endsWith("pattern")) return nHead;
  if (/attn\.[qkvy]$/.test(site)) return nHead * dHead;
  if (site.endsWith("act_in")) return dModel + dPos;
  return site.endsWith("post_act") ? dMlp : dModel;
}

interface Ends {
  readonly from: readonly SitePart[];
  readonly to: readonly SitePart[];
  readonly through: readonly SitePart[];
}

/** A few claims about a model, no two ends at one site. */
function someEnds(config: ModelConfig, random: RandomStream, [p, q, r]: readonly Position[]): Ends[] {
  return Array.from({ length: 6 }, (_, i) => ({
    from: [anyPart(config, random, p!, false)],
    to: [anyPart(config, random, q!, i % 2 === 0)],
    through: i % 3 === 0 ? [anyPart(config, random, r!, false)] : [],
  })).filter(({ from, to, through }) => {
    const sites = [...from, ...to, ...through].map(({ site }) => site);
    return new Set(sites).size === sites.length;
  });
}

test("what is proven not to be affected does not change by a bit, whatever the site shows", async () => {
  const tally = { apart: 0, constant: 0, changed: 0, unchanged: 0 };
  const positions = fc.array(anyPosition, { minLength: 3, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(sparseConfig, fc.integer({ min: 1, max: 1e6 }), positions, async (config, number, at) => {
      const random = randomStream(seed(number), "test/sparse");
      const model = await sparseModel(config, random);
      const examples = prompts(config, random);
      const weights = new NonzeroWeights(model);
      const wrong: string[] = [];
      for (const ends of someEnds(config, random, at)) {
        const about = { ...ends, thresholds: { V: 0.01 } };
        const proof = proveStatement(weights, examples, { kind: "does not affect", ...about });
        const opposite = proveStatement(weights, examples, { kind: "affects", ...about, through: [] });
        if (ends.through.length === 0 && Boolean(opposite) !== Boolean(proof))
          wrong.push(`one way proven, not the other: ${JSON.stringify(ends)}`);
        if (proof?.why.includes("shows the same")) {
          tally.constant++;
          if (new Set(shownBy(model, examples, ends.from[0]!)).size > 1) wrong.push(proof.why);
          continue;
        }
        const change = largestChange(model, examples, ends, random);
        if (proof && change > 0) wrong.push(`${proof.why}: ${JSON.stringify(ends)} changes by ${change}`);
        tally[proof ? "apart" : change > 0 ? "changed" : "unchanged"]++;
      }
      disposeModel(model);
      expect(wrong).toEqual([]);
    }),
    { numRuns: 60, seed: 5 },
  );
  // Proofs are found, and what has no proof mostly does change.
  expect(tally.apart).toBeGreaterThan(40);
  expect(tally.constant).toBeGreaterThan(5);
  expect(tally.changed).toBeGreaterThan(2 * tally.unchanged);
}, 60_000);

type Run = ReadonlyMap<SiteName, number[][]>;

function run(model: Model, example: DatasetExample, edit: Edit = (_, value) => value): Run {
  const seen = new Map<SiteName, number[][]>();
  const patterns = new Set(Array.from({ length: model.config.nLayer }, (_, layer) => layer));
  tf.tidy(() => {
    const tokens = { ids: Int32Array.from(example.ids), batch: 1, seq: SEQ };
    forward(model.config, model.parameters, tokens, {
      patterns,
      edit: (site, value) => {
        const next = edit(site, value);
        seen.set(site, next.arraySync());
        return next;
      },
    });
  });
  return seen;
}

function tokensOf(example: DatasetExample, position: Position): number[] {
  if (position.kind === "all") return example.ids.map((_, t) => t);
  return [position.kind === "index" ? position.index : example.positions[position.name]!];
}

/** Rows of a site's grid that belong to channels; of a pattern, all keys of a head. */
function rowsOf(site: SiteName, channels: SitePart["channels"], rows: number): number[] {
  const all = Array.from({ length: rows }, (_, row) => row);
  if (channels === "all") return all;
  return site.endsWith("pattern") ? all.filter((row) => channels.includes(Math.floor(row / SEQ))) : [...channels];
}

function read(seen: Run, parts: readonly SitePart[], example: DatasetExample): number[] {
  return parts.flatMap(({ site, channels, position }) => {
    const grid = seen.get(site)!;
    const tokens = site === "logits" ? [example.position] : tokensOf(example, position);
    return rowsOf(site, channels, grid.length).flatMap((row) => tokens.map((t) => grid[row]![t]!));
  });
}

/** The values of a part at each token of its position in each prompt, as texts. */
function shownBy(model: Model, examples: readonly DatasetExample[], part: SitePart): string[] {
  return examples.flatMap((example) => {
    const grid = run(model, example).get(part.site)!;
    const rows = rowsOf(part.site, part.channels, grid.length);
    return tokensOf(example, part.position).map((t) => rows.map((row) => grid[row]![t]!).join());
  });
}

function largestChange(
  model: Model,
  examples: readonly DatasetExample[],
  { from, to, through }: Ends,
  random: RandomStream,
): number {
  let largest = 0;
  const all = examples.map((example) => run(model, example));
  // A swap brings what the channel shows in another prompt: one that never differs is left as it is.
  const varies = (site: SiteName, row: number) => new Set(all.flatMap((seen) => seen.get(site)![row]!)).size > 1;
  for (const [i, example] of examples.entries()) {
    const clean = all[i]!;
    for (const size of [0.3, 20]) {
      const swapped = run(model, example, (site, value) => {
        const parts = from.filter((part) => part.site === site);
        const held = through.filter((part) => part.site === site);
        if (parts.length + held.length === 0) return value;
        const grid = value.arraySync();
        for (const { channels, position } of parts) {
          for (const row of rowsOf(site, channels, grid.length).filter((row) => varies(site, row))) {
            for (const t of tokensOf(example, position)) grid[row]![t] = size * random.normal();
          }
        }
        for (const { channels, position } of held) {
          for (const row of rowsOf(site, channels, grid.length)) {
            for (const t of tokensOf(example, position)) grid[row]![t] = clean.get(site)![row]![t]!;
          }
        }
        return tf.tensor2d(grid);
      });
      const [before, after] = [read(clean, to, example), read(swapped, to, example)];
      before.forEach((value, i) => (largest = Math.max(largest, Math.abs(value - after[i]!))));
    }
  }
  return largest;
}

test("a causal model cannot look ahead", async () => {
  const random = randomStream(seed(1), "test/dense");
  const config: ModelConfig = { ...PLAIN, nLayer: 2, blockSize: SEQ, causal: true };
  const model = await makeModel(config, {}, () => random.normal());
  const examples = prompts(config, random).map((example) => ({
    ...example,
    positions: { early: 1, late: 3, last: SEQ - 1 },
  }));
  const weights = new NonzeroWeights(model);
  const at = (name: string): Position => ({ kind: "named", name });
  const part = (name: string): SitePart => ({
    site: siteAt(0, "attn.resid_delta"),
    channels: "all",
    position: at(name),
  });
  const about = { through: [], thresholds: { V: 0.01 } };
  const forwards: Statement = {
    kind: "affects",
    from: [part("early")],
    to: [{ ...part("late"), site: siteAt(1, "resid_mid") }],
    ...about,
  };
  const backwards: Statement = {
    ...forwards,
    from: [part("late")],
    to: [{ ...part("early"), site: siteAt(1, "resid_mid") }],
  };
  expect(proveStatement(weights, examples, forwards)).toBeUndefined();
  expect(proveStatement(weights, examples, backwards)?.verdict).toBe("refuted");
  const copies: Statement = {
    kind: "copies",
    layer: 1,
    heads: "all",
    feature: "f",
    from: at("late"),
    to: at("early"),
    alone: false,
    thresholds: { transfer: 0.5, r: 0.2, control: 0.05, rest: 0.1 },
  };
  expect(proveStatement(weights, examples, copies)).toMatchObject({ verdict: "refuted" });
  expect(proveStatement(weights, examples, { ...copies, from: at("early"), to: at("last") })).toBeUndefined();
  // What no example has is in no order.
  expect(proveStatement(weights, [], backwards)).toBeUndefined();
  expect(
    proveStatement(
      weights,
      examples.map((x) => ({ ...x, positions: {} })),
      backwards,
    ),
  ).toBeUndefined();
  disposeModel(model);
});
