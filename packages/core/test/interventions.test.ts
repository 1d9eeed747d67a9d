import fc from "fast-check";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, test } from "vitest";
import {
  chainEdits,
  disposeModel,
  listSites,
  maskOfNodes,
  nodeSites,
  readColumn,
  recordSites,
  replaceChannels,
  runModel,
  siteName,
  useBackend,
  writeSites,
  type Activation,
  type Edit,
  type Model,
  type SiteName,
  type Write,
} from "../src/index.ts";
import { bits, randomBatch, tinyModel } from "./support/tiny-model.ts";

beforeAll(() => useBackend("wasm"));

const SITES = listSites(2);
const PATTERNS = new Set([0, 1]);
const shape = fc.record({ seed: fc.nat(), batch: fc.integer({ min: 1, max: 3 }), seq: fc.integer({ min: 1, max: 9 }) });

/** Every activation of one run, edited or not. */
function record(model: Model, tokens: Parameters<typeof runModel>[1], edit?: Edit): Map<SiteName, Activation> {
  const seen = new Map<SiteName, Activation>();
  const recorder = recordSites(SITES, seen);
  runModel(model, tokens, { edit: edit ? chainEdits(edit, recorder) : recorder, patterns: PATTERNS }).dispose();
  return seen;
}

describe("recording", () => {
  test("sees every site once, in forward order, and changes nothing", () => {
    const model = tinyModel(1);
    const tokens = randomBatch(model.config, 2, 5, 1);
    const order: SiteName[] = [];
    const spy: Edit = (site, value) => {
      order.push(site);
      return value;
    };
    const logits = (edit?: Edit) =>
      tf.tidy(() => runModel(model, tokens, { ...(edit ? { edit } : {}), patterns: PATTERNS }).dataSync<"float32">());
    expect(bits(logits(spy))).toEqual(bits(logits()));
    expect(order).toEqual(SITES);
    disposeModel(model);
  });

  test("shows patterns only of the layers asked for", () => {
    const model = tinyModel(1);
    const seen = new Map<SiteName, Activation>();
    const edit = recordSites(SITES, seen);
    runModel(model, randomBatch(model.config, 1, 4, 1), { edit, patterns: new Set([1]) }).dispose();
    expect(SITES.filter((site) => !seen.has(site))).toEqual(["0.attn.pattern"]);
    disposeModel(model);
  });

  test("the residual stream is the sum of what was written to it", () => {
    const model = tinyModel(2);
    const seen = record(model, randomBatch(model.config, 2, 6, 2));
    const sum = (a: string, b: string) => {
      const [x, y] = [seen.get(siteName(a))!.values, seen.get(siteName(b))!.values];
      return x.map((value, i) => value + y[i]!);
    };
    expect(seen.get(siteName("0.resid_mid"))!.values).toEqual(sum("0.resid_in", "0.attn.resid_delta"));
    expect(seen.get(siteName("1.resid_in"))!.values).toEqual(sum("0.resid_mid", "0.mlp.resid_delta"));
    expect(seen.get(siteName("final_resid"))!.values).toEqual(sum("1.resid_mid", "1.mlp.resid_delta"));
    disposeModel(model);
  });

  test("a column is read by token and channels, and not beyond", () => {
    const activation = { channels: 3, tokens: 2, values: Float32Array.of(1, 2, 3, 4, 5, 6) };
    expect([...readColumn(activation, 1)]).toEqual([2, 4, 6]);
    expect([...readColumn(activation, 0, [2, 0])]).toEqual([5, 1]);
    expect(() => readColumn(activation, 2)).toThrow(RangeError);
    expect(() => readColumn(activation, -1)).toThrow(RangeError);
    expect(() => readColumn(activation, 0, [3])).toThrow(/channels 3.*\[3 channels, 2 tokens\]/);
  });
});

describe("writing", () => {
  test("writing back what was read changes no activation by one bit", () => {
    fc.assert(
      fc.property(shape, fc.nat(), ({ seed, batch, seq }, which) => {
        const model = tinyModel(seed % 4);
        const tokens = randomBatch(model.config, batch, seq, seed);
        const plain = record(model, tokens);
        const site = SITES[which % SITES.length]!;
        const activation = plain.get(site)!;
        const writes: Write[] = [0, batch * seq - 1].map((token) => ({ token, values: readColumn(activation, token) }));
        const edited = record(model, tokens, writeSites(new Map([[site, writes]])));
        for (const [name, { values }] of plain) expect(bits(edited.get(name)!.values), name).toEqual(bits(values));
        disposeModel(model);
      }),
      { numRuns: 40 },
    );
  });

  test("puts the values where they are named, leaves the rest of the site and all before it to the bit", () => {
    fc.assert(
      fc.property(shape, fc.nat(), fc.nat(), ({ seed, batch, seq }, which, at) => {
        const model = tinyModel(seed % 4);
        const tokens = randomBatch(model.config, batch, seq, seed);
        const plain = record(model, tokens);
        const index = which % SITES.length;
        const site = SITES[index]!;
        const { channels, values } = plain.get(site)!;
        const token = at % (batch * seq);
        const some = channels > 1 ? [channels - 1, 0] : [0];
        const write = { token, channels: some, values: Float32Array.from(some, (_, j) => 7 + j) };
        const edited = record(model, tokens, writeSites(new Map([[site, [write]]])));

        const expected = values.slice();
        some.forEach((channel, j) => (expected[channel * batch * seq + token] = 7 + j));
        expect(bits(edited.get(site)!.values)).toEqual(bits(expected));
        for (const before of SITES.slice(0, index)) {
          expect(bits(edited.get(before)!.values), before).toEqual(bits(plain.get(before)!.values));
        }
        // Nothing that was written reaches another sequence or, the model being causal, an earlier token.
        const first = token - (token % seq);
        for (const [name, { tokens: columns, values: after }] of edited) {
          const untouched = (_: number, i: number) => {
            const column = i % columns;
            return column < token || column >= first + seq;
          };
          expect(bits(after.filter(untouched)), name).toEqual(bits(plain.get(name)!.values.filter(untouched)));
        }
        disposeModel(model);
      }),
      { numRuns: 60 },
    );
  });

  test("a donor's whole residual stream makes the donor's logits", () => {
    const model = tinyModel(3);
    const [receiver, donor] = [randomBatch(model.config, 1, 6, 3), randomBatch(model.config, 1, 6, 4)];
    const taken = record(model, donor);
    const site = siteName("final_resid");
    const writes = Array.from({ length: 6 }, (_, token) => ({ token, values: readColumn(taken.get(site)!, token) }));
    const swapped = record(model, receiver, writeSites(new Map([[site, writes]])));
    const table = (ids: Int32Array) => record(model, { ids, batch: 1, seq: 6 }).get(siteName("logits"))!.values;
    // The bigram table reads the receiver's own tokens, so a model without it is compared.
    expect(bits(swapped.get(site)!.values)).toEqual(bits(taken.get(site)!.values));
    expect(bits(swapped.get(siteName("logits"))!.values)).not.toEqual(bits(table(donor.ids)));
    disposeModel(model);

    const bare = tinyModel(3, { bigram: false });
    const bareTaken = record(bare, donor);
    const bareWrites = Array.from({ length: 6 }, (_, token) => ({
      token,
      values: readColumn(bareTaken.get(site)!, token),
    }));
    const bareSwapped = record(bare, receiver, writeSites(new Map([[site, bareWrites]])));
    expect(bits(bareSwapped.get(siteName("logits"))!.values)).toEqual(bits(bareTaken.get(siteName("logits"))!.values));
    disposeModel(bare);
  });

  test("AbsTopK does not select again what was written", () => {
    const model = tinyModel(4);
    const tokens = randomBatch(model.config, 1, 3, 4);
    const site = siteName("0.mlp.post_act");
    const values = new Float32Array(18).fill(0.25); // twice as many as AbsTopK keeps
    const edited = record(model, tokens, writeSites(new Map([[site, [{ token: 1, values }]]])));
    expect(readColumn(edited.get(site)!, 1)).toEqual(values);
    disposeModel(model);
  });

  test.each<[string, Write]>([
    ["a token that is not there", { token: 3, values: new Float32Array(11) }],
    ["a channel that is not there", { token: 0, channels: [11], values: Float32Array.of(1) }],
    ["too few values", { token: 0, values: new Float32Array(10) }],
    ["more values than channels named", { token: 0, channels: [1], values: Float32Array.of(1, 2) }],
  ])("%s is refused and leaks nothing", (_, write) => {
    const model = tinyModel(5);
    const before = tf.memory().numTensors;
    const edit = writeSites(new Map([[siteName("0.resid_mid"), [write]]]));
    expect(() => runModel(model, randomBatch(model.config, 1, 3, 5), { edit })).toThrow(
      /0\.resid_mid.*\[11 channels, 3/,
    );
    expect(tf.memory().numTensors).toBe(before);
    disposeModel(model);
  });
});

describe("replacing channels by another run's", () => {
  test("keeps open channels and takes the others from the donor, at every token, to the bit", () => {
    fc.assert(
      fc.property(shape, fc.nat(), fc.nat(), ({ seed, batch, seq }, which, open) => {
        const model = tinyModel(seed % 4);
        const [receiver, donor] = [0, 1].map((i) => randomBatch(model.config, batch, seq, seed + i));
        const [plain, donated] = [record(model, receiver!), record(model, donor!)];
        const nodes = nodeSites(model.config);
        const site = nodes[which % nodes.length]!;
        const gates = Float32Array.from({ length: plain.get(site)!.channels }, (_, c) => (open >> (c % 30)) & 1);
        const edited = record(model, receiver!, replaceChannels(new Map([[site, gates]]), donated));
        const expected = plain.get(site)!.values.map((value, i) => {
          return gates[Math.floor(i / (batch * seq))] === 1 ? value : donated.get(site)!.values[i]!;
        });
        expect(bits(edited.get(site)!.values)).toEqual(bits(expected));
        disposeModel(model);
      }),
      { numRuns: 40 },
    );
  });

  test("a run as its own donor changes nothing, to the bit", () => {
    const model = tinyModel(7);
    const tokens = randomBatch(model.config, 2, 5, 7);
    const plain = record(model, tokens);
    const edited = record(model, tokens, replaceChannels(maskOfNodes(model.config, []), plain));
    for (const [site, { values }] of plain) expect(bits(edited.get(site)!.values), site).toEqual(bits(values));
    disposeModel(model);
  });

  test("a donor of another shape, or without the site, is refused and leaks nothing", () => {
    const model = tinyModel(7);
    const tokens = randomBatch(model.config, 1, 5, 7);
    const longer = record(model, randomBatch(model.config, 1, 6, 7));
    const before = tf.memory().numTensors;
    const mask = maskOfNodes(model.config, []);
    expect(() => runModel(model, tokens, { edit: replaceChannels(mask, longer) })).toThrow(/11 channels, 6 tokens/);
    expect(() => runModel(model, tokens, { edit: replaceChannels(mask, new Map()) })).toThrow(/0\.attn\.act_in/);
    expect(tf.memory().numTensors).toBe(before);
    disposeModel(model);
  });
});

test("chained edits see each other's values, in order", () => {
  const model = tinyModel(6);
  const tokens = randomBatch(model.config, 1, 4, 6);
  const site = siteName("1.attn.v");
  const seen = new Map<SiteName, Activation>();
  const write = (value: number) =>
    writeSites(new Map([[site, [{ token: 2, channels: [1], values: Float32Array.of(value) }]]]));
  const double: Edit = (name, value) => (name === site ? tf.mul(value, 2) : value);
  const edit = chainEdits(write(3), double, recordSites([site], seen), write(5));
  runModel(model, tokens, { edit }).dispose();
  expect([...readColumn(seen.get(site)!, 2, [1])]).toEqual([6]);
  disposeModel(model);
});
