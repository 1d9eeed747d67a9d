import assert from "node:assert/strict";
import { checkOptions, InputError } from "@filigree/core";
import { checkSparsifier, type Sparsifier } from "@filigree/sparsifiers";
import * as tf from "@tensorflow/tfjs-core";
import { bytesOf, cardOf, inWorkshop } from "./tiny-run.ts";

/** What is expected of a sparsifier beyond the contract. */
export interface SparsifierExpectations {
  /** Its options, as a configuration holds them. */
  readonly options?: unknown;
  /** Share of the attention and MLP weights that may be nonzero at the end, with these options. All, if left out. */
  readonly density?: number;
  /** How far from it the run may end, as a share of it: 0.05, if left out. */
  readonly tolerance?: number;
  /** Options that it must refuse. */
  readonly refuses?: readonly unknown[];
}

/** One thing that a sparsifier should do. `run` rejects with an AssertionError where it does not. */
export interface SparsifierCase {
  readonly name: string;
  run(): Promise<void>;
}

/** Steps of a run that shows whether a model learns, and of one that is only compared with others. */
const [LONG, SHORT] = [200, 24];

/** What every sparsifier should pass. The cases stand alone and train real, tiny models. */
export function sparsifierCases(
  sparsifier: Sparsifier,
  { options = {}, density = 1, tolerance = 0.05, refuses = [] }: SparsifierExpectations = {},
): readonly SparsifierCase[] {
  const short = { sparsifier, options, steps: SHORT };
  return [
    {
      name: "fulfils the contract",
      async run() {
        checkSparsifier(sparsifier, sparsifier.name);
        assert(Object.isFrozen(sparsifier), "it is not frozen: make it with defineSparsifier");
      },
    },
    {
      name: "takes its options and refuses others",
      async run() {
        await checkOptions(sparsifier.options, options, sparsifier.name);
        for (const wrong of [{ "no such option": 1 }, ...refuses]) {
          await assert.rejects(
            checkOptions(sparsifier.options, wrong, sparsifier.name),
            InputError,
            `it takes the options ${JSON.stringify(wrong)}`,
          );
        }
      },
    },
    {
      name: "lets a model learn, and ends at its density",
      run: () =>
        inWorkshop(async (workshop) => {
          const result = await workshop.train({ sparsifier, options, steps: LONG });
          const losses = result.steps.map(({ loss }) => loss);
          const [first, last] = [mean(losses.slice(0, 10)), mean(losses.slice(-20))];
          assert(last < first - 0.5, `the loss went from ${first} to ${last} nats a token`);
          const { nonzero, of } = cardOf(result).nonzeros.block;
          const reached = nonzero / of;
          assert(reached <= density * (1 + tolerance), `${reached} of the weights are nonzero, ${density} may be`);
          assert(reached >= density * (1 - tolerance), `only ${reached} of the weights are nonzero, not ${density}`);
          const said = result.steps.at(-1)!.density;
          assert(Math.abs(said - reached) <= 0.02, `it says that the density is ${said}, and it is ${reached}`);
        }),
    },
    {
      name: "gives the same bytes for one seed, and others for another",
      run: () =>
        inWorkshop(async (workshop) => {
          const first = bytesOf(await workshop.train(short), "model.safetensors");
          const other = bytesOf(await workshop.train({ ...short, seed: 8 }), "model.safetensors");
          const again = bytesOf(await workshop.train(short), "model.safetensors");
          assert(first.equals(again), "two runs of one seed differ");
          assert(!first.equals(other), "runs of two seeds are the same");
        }),
    },
    {
      name: "goes on from a stored state to the bytes of a straight run",
      run: () =>
        inWorkshop(async (workshop) => {
          const straight = await workshop.train(short);
          for (const interruptAfter of [1, 11, SHORT - 1]) {
            const interrupted = await workshop.train({ ...short, interruptAfter });
            // Whatever the sparsifier keeps outside its state is now another run's.
            await workshop.train({ ...short, seed: 8 });
            const resumed = await workshop.train({ ...short, resume: interrupted });
            for (const file of ["training-state.safetensors", "model.safetensors"] as const) {
              assert(
                bytesOf(resumed, file).equals(bytesOf(straight, file)),
                `${file} differs after an interruption at step ${interruptAfter}: state must be all that it remembers`,
              );
            }
          }
        }),
    },
    {
      name: "keeps no memory from step to step",
      run: () =>
        inWorkshop(async (workshop) => {
          const tensors: number[] = [];
          const before = tf.memory().numTensors;
          const onStep = () => tensors.push(tf.memory().numTensors);
          const early = await workshop.train({ ...short, interruptAfter: 3, onStep });
          const late = await workshop.train({ ...short, onStep });
          assert.equal(tf.memory().numTensors, before, "tensors are left over");
          // In its last step a run measures the held-out loss.
          assert.equal(Math.max(...tensors.slice(0, -1)), tensors[0], "there are more tensors with every step");
          const [small, large] = [early, late].map((run) => bytesOf(run, "training-state.safetensors").length);
          assert(large! <= small! + 1024, `the state grows from ${small} bytes to ${large}`);
        }),
    },
  ];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
