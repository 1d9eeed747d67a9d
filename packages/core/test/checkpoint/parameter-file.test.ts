import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  denseValues,
  formatParameterFile,
  formatSafetensors,
  fromFloat32,
  InputError,
  listParameters,
  parseParameterFile,
  parseSafetensors,
  siteName,
  siteWidth,
  toFloat32,
  type ModelConfig,
  type SiteName,
  type StoredTensor,
} from "../../src/index.ts";
import { randomValues, TINY } from "../support/tiny-model.ts";

const WEIGHT = "transformer.h.0.attn.c_attn.weight"; // [18, 11]
const sites = ["0.attn.v", "1.mlp.post_act", "final_resid"].map(siteName);

function parameters(config: ModelConfig, number: number) {
  const means = new Map<SiteName, Float32Array>();
  for (const site of sites) means.set(site, new Float32Array(siteWidth(config, site)).fill(number + 0.5));
  return { values: randomValues(config, number), means };
}

/** The file of a random tiny model with some tensors changed, as bytes. */
function changed(change: (tensors: Map<string, StoredTensor>) => void): Uint8Array {
  const bytes = formatParameterFile(TINY, parameters(TINY, 1));
  const tensors = new Map(parseSafetensors(bytes, "m").tensors);
  change(tensors);
  return formatSafetensors(tensors);
}

test("a matrix of float16 values takes two bytes a value, and any other four", async () => {
  const sparse = (value: (i: number) => number) => {
    const { values, means } = parameters(TINY, 1);
    const data = new Float32Array(18 * 11).map((_, i) => (i % 9 === 0 ? value(i) : 0));
    return { values: new Map([...values, [WEIGHT, data]]), means };
  };
  const halves = sparse((i) => (i - 90) * 2 ** -24 || 65_504);
  const others = sparse((i) => (i === 27 ? 0.1 : 1));
  for (const [file, type] of [
    [halves, "F16"],
    [others, "F32"],
  ] as const) {
    const bytes = formatParameterFile(TINY, file);
    expect(parseSafetensors(bytes, "m").tensors.get(`${WEIGHT}.values`)!.type).toBe(type);
    const back = await parseParameterFile(bytes, TINY, "m");
    expect(denseValues(back.values).get(WEIGHT)).toEqual(file.values.get(WEIGHT));
  }
});

const repeat = (count: number, value: number) => Array.from({ length: count }, () => value);
const whole = (type: "U16" | "I32", ...values: number[]): StoredTensor => {
  const bytes = new Uint8Array((type === "U16" ? Uint16Array.from(values) : Int32Array.from(values)).buffer);
  return { type, shape: [values.length], bytes };
};

describe("a round trip", () => {
  test("keeps every value and mean, at every density, with equal bytes", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          bias: fc.boolean(),
          sink: fc.boolean(),
          bigram: fc.boolean(),
          density: fc.double({ min: 0, max: 1 }),
        }),
        fc.constantFrom<ModelConfig["norm"]>("rms", "none"),
        fc.constantFrom<ModelConfig["positions"]>("added", "none"),
        fc.nat(),
        async ({ density, ...flags }, norm, positions, number) => {
          const config = { ...TINY, ...flags, norm, positions };
          const { values, means } = parameters(config, number % 1000);
          for (const data of values.values()) {
            data.forEach((value, i) => (data[i] = Math.abs((value * 1e4) % 1) < density ? value : 0));
          }
          const bytes = formatParameterFile(config, { values, means });
          const back = await parseParameterFile(bytes, config, "m");
          expect(denseValues(back.values)).toEqual(values);
          expect(back.means).toEqual(means);
          expect(formatParameterFile(config, back)).toEqual(bytes);
        },
      ),
      { numRuns: 25 },
    );
  });

  test("stores sparse matrices at six bytes a nonzero and dense ones whole", () => {
    const { values, means } = parameters(TINY, 2);
    const sparse = formatParameterFile(TINY, { values, means });
    const names = [...parseSafetensors(sparse, "m").tensors.keys()];
    expect(names.filter((name) => name.startsWith(WEIGHT))).toEqual([
      `${WEIGHT}.values`,
      `${WEIGHT}.counts`,
      `${WEIGHT}.columns`,
    ]);
    const dense = new Map([...values, [WEIGHT, new Float32Array(18 * 11).fill(1)]]);
    const kept = parseSafetensors(formatParameterFile(TINY, { values: dense, means }), "m").tensors;
    expect([...kept.keys()].filter((name) => name.startsWith(WEIGHT))).toEqual([WEIGHT]);
  });

  test("keeps a full row of a matrix too wide for two-byte counts", async () => {
    const config: ModelConfig = { ...TINY, nLayer: 1, dModel: 1, vocabSize: 2, outSize: 65536, bigram: true };
    const values = new Map(randomValues(config, 3));
    const table = new Float32Array(2 * 65536);
    table.fill(2, 65536);
    values.set("bigram_table", table);
    const bytes = formatParameterFile(config, { values, means: new Map() });
    const { values: back } = await parseParameterFile(bytes, config, "m");
    expect(denseValues(back).get("bigram_table")).toEqual(table);
  });

  test("a file may leave out the bias of the logits, which then is not there", async () => {
    const bytes = changed((tensors) => tensors.delete("final_logits_bias"));
    expect((await parseParameterFile(bytes, TINY, "m")).values.has("final_logits_bias")).toBe(false);
  });
});

describe("refuses with its name and place", () => {
  test.each<[string, (tensors: Map<string, StoredTensor>) => void, RegExp]>([
    [
      "a missing tensor",
      (t) => t.delete("transformer.ln_f.weight"),
      /m\.safetensors.*"transformer\.ln_f\.weight" is missing[^]*shape \[11\]/,
    ],
    [
      "an unknown tensor",
      (t) => t.set("transformer.h.0.attn.c_atn.weight", fromFloat32(new Float32Array(1), [1])),
      /"transformer\.h\.0\.attn\.c_atn\.weight"[^]*did you mean "transformer\.h\.0\.attn\.c_attn\.weight"/,
    ],
    [
      "a layer too many",
      (t) => t.set("transformer.h.2.ln_1.weight", fromFloat32(new Float32Array(11), [11])),
      /"transformer\.h\.2\.ln_1\.weight" that the config has no place for/,
    ],
    [
      "a transposed matrix",
      (t) => {
        for (const part of ["counts", "columns", "values"]) t.delete(`${WEIGHT}.${part}`);
        t.set(WEIGHT, fromFloat32(new Float32Array(198), [11, 18]));
      },
      /"transformer\.h\.0\.attn\.c_attn\.weight" has shape \[11, 18\][^]*shape \[18, 11\]/,
    ],
    [
      "NaN",
      (t) => t.set("transformer.ln_f.weight", fromFloat32(new Float32Array(11).fill(NaN, 4), [11])),
      /NaN at element 4/,
    ],
    [
      "an infinite value of a compressed matrix",
      (t) => {
        const { shape } = t.get(`${WEIGHT}.values`)!;
        t.set(`${WEIGHT}.values`, fromFloat32(new Float32Array(shape[0]!).fill(-Infinity), shape));
      },
      /c_attn\.weight" holds -Infinity at element 0/,
    ],
    ["a compressed matrix without its columns", (t) => t.delete(`${WEIGHT}.columns`), /c_attn\.weight" is not whole/],
    [
      "row counts of another number of rows",
      (t) => t.set(`${WEIGHT}.counts`, whole("U16", 1, 2)),
      /is not whole[^]*of 18/,
    ],
    [
      "row counts that promise more than there is",
      (t) => t.set(`${WEIGHT}.counts`, whole("U16", ...repeat(18, 11))),
      /row \d+ of .*c_attn/,
    ],
    [
      "row counts that leave some out",
      (t) => t.set(`${WEIGHT}.counts`, whole("U16", ...repeat(18, 0))),
      /row counts of .*c_attn.* add up to 0/,
    ],
    [
      "negative row counts",
      (t) => t.set(`${WEIGHT}.counts`, whole("I32", ...repeat(18, -1))),
      /row counts of .*c_attn.* add up to 0/,
    ],
    [
      "a column beyond the matrix",
      (t) => t.set(`${WEIGHT}.columns`, whole("U16", ...repeat(t.get(`${WEIGHT}.columns`)!.shape[0]!, 11))),
      /row \d+ of .*c_attn.* names column 11/,
    ],
    [
      "a negative column",
      (t) => t.set(`${WEIGHT}.columns`, whole("I32", ...repeat(t.get(`${WEIGHT}.columns`)!.shape[0]!, -1))),
      /row \d+ of .*c_attn.* names column -1/,
    ],
    [
      "a matrix stored twice",
      (t) => t.set(WEIGHT, fromFloat32(new Float32Array(198), [18, 11])),
      /c_attn\.weight" is stored both whole and compressed/,
    ],
    [
      "a compressed vector",
      (t) => t.set("transformer.ln_f.weight.counts", whole("U16", 1)),
      /"transformer\.ln_f\.weight\.counts" that the config has no place for/,
    ],
    [
      "a mean of no site",
      (t) => t.set("mean.0.atn.v", fromFloat32(new Float32Array(6), [6])),
      /0\.atn\.v[^]*did you mean/,
    ],
    [
      "a mean of a layer that is not there",
      (t) => t.set("mean.2.attn.v", fromFloat32(new Float32Array(6), [6])),
      /no site "2\.attn\.v"/,
    ],
    [
      "a mean of the wrong width",
      (t) => t.set("mean.0.attn.v", fromFloat32(new Float32Array(5), [5])),
      /"mean\.0\.attn\.v" has shape \[5\][^]*shape \[6\]/,
    ],
    [
      "a mean that is NaN",
      (t) => t.set("mean.0.attn.v", fromFloat32(new Float32Array(6).fill(NaN), [6])),
      /NaN at element 0/,
    ],
    [
      "columns of a row in another order",
      (t) => {
        const columns = toFloat32(t.get(`${WEIGHT}.columns`)!).reverse();
        t.set(`${WEIGHT}.columns`, whole("U16", ...columns));
      },
      /row \d+ of .*c_attn.* names column \d+ after \d+[^]*ascending/,
    ],
    [
      "columns that are not whole numbers",
      (t) => {
        const { shape } = t.get(`${WEIGHT}.columns`)!;
        t.set(`${WEIGHT}.columns`, fromFloat32(new Float32Array(shape[0]!), shape));
      },
      /c_attn\.weight" is not whole/,
    ],
    [
      "a zero among the nonzeros",
      (t) => {
        const { shape } = t.get(`${WEIGHT}.values`)!;
        t.set(`${WEIGHT}.values`, fromFloat32(new Float32Array(shape[0]!), shape));
      },
      /c_attn\.weight" stores a zero/,
    ],
  ])("%s", async (_, change, message) => {
    const bytes = changed(change);
    await expect(parseParameterFile(bytes, TINY, "m.safetensors")).rejects.toThrow(message);
    await expect(parseParameterFile(bytes, TINY, "m.safetensors")).rejects.toThrow(InputError);
  });
});

test("parameters are listed once, with the shapes of the config", () => {
  const names = listParameters(TINY).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toHaveLength(2 + 2 * 11 + 4);
  expect(
    listParameters({ ...TINY, bias: false, norm: "none", sink: false, bigram: false, positions: "none" }),
  ).toHaveLength(1 + 2 * 4 + 2);
});
