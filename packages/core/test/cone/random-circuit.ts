import fc from "fast-check";
import {
  freezeParameters,
  listParameters,
  nodeSites,
  randomStream,
  seed,
  siteWidth,
  SUBLAYER_LOCTYPES,
  type Fills,
  type Model,
  type ModelConfig,
  type NodeMask,
  type RandomStream,
} from "../../src/index.ts";
import { TINY } from "../support/tiny-model.ts";

/** A model, a circuit in it and what everything else shows. */
export interface Case {
  readonly config: ModelConfig;
  /** Whether all weights and fills are small multiples of one half, so that magnitudes tie. */
  readonly coarse: boolean;
  /** Share of the nodes that the circuit keeps. */
  readonly share: number;
  readonly number: number;
}

const config: fc.Arbitrary<ModelConfig> = fc
  .record({
    nLayer: fc.integer({ min: 1, max: 3 }),
    nHead: fc.integer({ min: 1, max: 3 }),
    dHead: fc.integer({ min: 1, max: 4 }),
    // Wide enough, at times, that what varies lies within a small part of the order of magnitudes.
    dModel: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 30, max: 40 })),
    dMlp: fc.oneof(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 30, max: 40 })),
    bias: fc.boolean(),
    norm: fc.constantFrom<ModelConfig["norm"][]>("rms", "rms", "none", "layer"),
    lnBias: fc.boolean(),
    causal: fc.boolean(),
    activation: fc.constantFrom<ModelConfig["activation"][]>("gelu", "relu"),
    residualActivation: fc.constantFrom<ModelConfig["residualActivation"][]>("identity", "identity", "relu"),
    afrac: fc.constantFrom(null, 0.1, 0.25, 0.5, 0.9),
    afracLoctypes: fc.subarray([...SUBLAYER_LOCTYPES]),
    sink: fc.boolean(),
    bigram: fc.boolean(),
    positions: fc.constantFrom<ModelConfig["positions"][]>("none", "added", "concatenated", "sinusoidal"),
    tiedUnembed: fc.boolean(),
  })
  .map((chosen) => ({ ...TINY, ...chosen, dPos: dPosOf(chosen.positions) }));

function dPosOf(positions: ModelConfig["positions"]): number {
  return positions === "concatenated" ? 3 : positions === "sinusoidal" ? 4 : 0;
}

const circuit = {
  share: fc.constantFrom(0, 0.05, 0.1, 0.3, 0.7, 1),
  number: fc.nat(),
};

/** Models of all options. */
export const generalCases: fc.Arbitrary<Case> = fc.record({ config, coarse: fc.constant(false), ...circuit });

/**
 * Models that compute without rounding as long as they look at one token, so that magnitudes tie exactly wherever they
 * tie at all. Where values that should tie are summed in different orders, rounding decides in every program.
 */
export const tyingCases: fc.Arbitrary<Case> = fc.record({
  config: config.map((config): ModelConfig => ({
    ...config,
    nLayer: Math.min(config.nLayer, 2),
    afrac: config.afrac ?? 0.5,
    afracLoctypes: SUBLAYER_LOCTYPES,
    norm: "none",
    activation: "relu",
    sink: false,
    positions: config.positions === "sinusoidal" ? "added" : config.positions,
    dPos: dPosOf(config.positions === "sinusoidal" ? "added" : config.positions),
  })),
  coarse: fc.constant(true),
  ...circuit,
});

/**
 * The model of a case; free it with `disposeModel`.
 *
 * @param noise by how much each parameter and fill is off, relative to itself
 */
export function modelOf({ config, coarse, number }: Case, noise = 0): Model {
  const random = randomStream(seed(number), "test/noise");
  const off = (values: Float32Array) => values.map((value) => value * (1 + noise * random.normal()));
  const values = listParameters(config).map(({ name, shape, role }) => {
    const random = randomStream(seed(number), `test/${name}`);
    const length = shape.reduce((n, size) => n * size, 1);
    const density = role === "gain" || role === "bias" ? 1 : role === "embedding" ? 1 / 6 : 1 / 2;
    const value = () => (random.uniform() < density ? draw(random, coarse) : 0);
    return [name, off(Float32Array.from({ length }, value))] as const;
  });
  return {
    config,
    parameters: freezeParameters(config, new Map(values)),
    means: new Map([...fillsOf({ config, coarse, number })].map(([site, fill]) => [site, off(fill)])),
    tokenizer: undefined,
    hash: "",
  };
}

export function maskOf({ config, share, number }: Case): NodeMask {
  const random = randomStream(seed(number), "test/mask");
  return new Map(
    nodeSites(config).map((site) => {
      return [site, Float32Array.from({ length: siteWidth(config, site) }, () => Number(random.uniform() < share))];
    }),
  );
}

function fillsOf({ config, coarse, number }: Pick<Case, "config" | "coarse" | "number">): Fills {
  const random = randomStream(seed(number), "test/fills");
  return new Map(
    nodeSites(config).map((site) => {
      return [site, Float32Array.from({ length: siteWidth(config, site) }, () => 0.5 * draw(random, coarse))];
    }),
  );
}

function draw(random: RandomStream, coarse: boolean): number {
  return coarse ? (random.integer(5) - 2) / 2 : random.normal();
}
