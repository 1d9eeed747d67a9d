import { defineOptions } from "@filigree/core";
import { defineSparsifier, dense, type DenseSparsifier } from "@filigree/sparsifiers";
import { expect, test } from "vitest";
import { sparsifierCases, type SparsifierExpectations } from "../src/index.ts";

const faulty = (change: Partial<DenseSparsifier>) => defineSparsifier({ ...dense, name: "faulty", ...change });

/** Runs the case whose name begins so. */
function run(name: string, sparsifier: DenseSparsifier, expectations: SparsifierExpectations = {}): Promise<void> {
  return sparsifierCases(sparsifier, expectations)
    .find((one) => one.name.startsWith(name))!
    .run();
}

/** Keeps what is above a threshold that it counts up outside its state. */
function withMemory(): DenseSparsifier {
  let calls = 0;
  return faulty({
    step({ matrices }) {
      const threshold = 1e-5 * calls++;
      for (const m of matrices) m.setValues(m.values().map((value) => (Math.abs(value) > threshold ? value : 0)));
    },
  });
}

const keepHalf: DenseSparsifier["step"] = ({ matrices }) => {
  for (const { rows, cols, keepLargest } of matrices) keepLargest(Math.ceil((rows * cols) / 2));
};

test("an object that is not frozen is found out", async () => {
  await expect(run("fulfils", { ...dense, name: "thawed" })).rejects.toThrow(/not frozen/u);
});

test("a sparsifier that takes any option is found out", async () => {
  const validate = (value: unknown) => ({ value });
  const options = { "~standard": { version: 1 as const, vendor: "faulty", validate } };
  await expect(run("takes", faulty({ options }))).rejects.toThrow(/takes the options \{"no such option":1\}/u);
  await expect(run("takes", faulty({ options: defineOptions({}) }), { refuses: [{}] })).rejects.toThrow(
    /takes the options \{\}/u,
  );
});

test.each([
  ["keeps too much", {}, 0.5, /1 of the weights are nonzero, 0.5 may be/u],
  ["keeps too little", { step: keepHalf, density: () => 0.5 }, 1, /only 0.5 of the weights are nonzero, not 1/u],
  ["says another density", { step: keepHalf }, 0.5, /says that the density is 1, and it is 0.5/u],
  [
    "lets nothing move",
    { backward: (_, __, ___, ____, g) => g.fill(0), rateFactor: () => 0 },
    1,
    /the loss went from/u,
  ],
] satisfies [string, Partial<DenseSparsifier>, number, RegExp][])(
  "a sparsifier that %s is found out",
  async (_, change, density, message) => {
    await expect(run("lets", faulty(change), { density })).rejects.toThrow(message);
  },
);

test("a sparsifier that draws from elsewhere, or remembers outside its state, is found out", async () => {
  const step: DenseSparsifier["step"] = ({ matrices }) => {
    for (const { rows, cols, keepLargest } of matrices) keepLargest(Math.ceil((0.5 + Math.random() / 2) * rows * cols));
  };
  await expect(run("gives", faulty({ step }))).rejects.toThrow(/two runs of one seed differ/u);
  await expect(run("gives", withMemory())).rejects.toThrow(/two runs of one seed differ/u);
  await expect(run("goes on", withMemory())).rejects.toThrow(/after an interruption at step 1: state must be all/u);
});

test("a state that grows or cannot be stored is found out", async () => {
  const growing: Partial<DenseSparsifier> = {
    init: () => ({ history: [] as Float32Array[] }),
    step: (_, __, state) => void (state as { history: Float32Array[] }).history.push(new Float32Array(20)),
  };
  await expect(run("keeps", faulty(growing))).rejects.toThrow(/the state grows from/u);
  await expect(run("goes on", faulty({ init: () => new Map() }))).rejects.toThrow(/cannot be stored/u);
});
