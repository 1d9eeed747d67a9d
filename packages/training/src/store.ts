import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { InputError, writeFileAtomically } from "@filigree/core";
import { curvesPage } from "./curves/curves-page.ts";
import type { MetricsFile } from "./metrics.ts";
import { saveState, STATE_FILE } from "./run-files.ts";
import type { Settings } from "./settings.ts";
import type { TrainerState } from "./trainer.ts";

/** What the system says where a file cannot grow: no space, a quota, a limit on sizes. */
const FULL = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
/** What a write that was cut off leaves behind. */
const LEFTOVER = /\.[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.tmp$/u;

export interface StoreOptions {
  readonly directory: string;
  readonly name: string;
  /** The step at which the run ends. */
  readonly steps: number;
  readonly settings: Settings;
  readonly sparsifier: string;
}

/** The folder of a run, and what of the run it holds. Each file is written whole or not at all. */
export class Store {
  readonly #options: StoreOptions;
  readonly #metrics: MetricsFile;
  #storedStep: number | undefined;

  /** @param storedStep of the state that the folder holds, if there is one */
  constructor(options: StoreOptions, metrics: MetricsFile, storedStep: number | undefined) {
    this.#options = options;
    this.#metrics = metrics;
    this.#storedStep = storedStep;
  }

  /** Makes the folder, and shows that it can be written to: better now than after a night. */
  async open(): Promise<void> {
    const { directory } = this.#options;
    await this.write(() => this.#savePage(this.#storedStep ?? 0));
    const leftovers = (await readdir(directory)).filter((name) => LEFTOVER.test(name));
    for (const name of leftovers) await rm(join(directory, name), { force: true });
  }

  /** Stores a state with its metrics and curves. The state comes last: what is there when it is read is not behind it. */
  async save(state: TrainerState): Promise<void> {
    const { directory, settings, sparsifier } = this.#options;
    await this.write(async () => {
      await this.#metrics.save();
      await this.#savePage(state.step);
      await saveState(directory, state, settings, sparsifier);
    });
    this.#storedStep = state.step;
  }

  /** Writes to the folder. @throws InputError where the disk is full; it says what can be gone on from. */
  async write<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === undefined || !FULL.has(code)) throw cause;
      const { directory } = this.#options;
      const hint =
        this.#storedStep === undefined
          ? "make room, or give another --out folder"
          : `the state after step ${this.#storedStep} in ${STATE_FILE} is unharmed: make room and add --resume`;
      throw new InputError({ what: `there is no room to write (${code})`, where: directory, hint, cause });
    }
  }

  async #savePage(step: number): Promise<void> {
    const { directory, name, steps } = this.#options;
    const page = curvesPage({ name, step, steps, lines: this.#metrics.lines });
    await writeFileAtomically(join(directory, "training.html"), page);
  }
}
