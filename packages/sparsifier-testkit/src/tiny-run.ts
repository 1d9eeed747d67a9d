import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseModelCard, randomStream, seed, type ModelCard } from "@filigree/core";
import { listSparsifiers, type Sparsifier } from "@filigree/sparsifiers";
import { parseTrainingConfig, train, type StepReport } from "@filigree/training";

/** A training run of a second or less. */
export interface TinyRun {
  readonly sparsifier: Sparsifier;
  readonly options: unknown;
  readonly steps: number;
  readonly seed?: number;
  /** Go on in this folder's run, instead of a new folder. */
  readonly resume?: TinyResult;
  /** Interrupt the run after this step. */
  readonly interruptAfter?: number;
  readonly onStep?: () => void;
}

/** What a run left, in a folder of its own. */
export interface TinyResult {
  readonly folder: string;
  readonly steps: readonly StepReport[];
}

/** Runs `work` in a folder that is gone afterwards. */
export async function inWorkshop(work: (workshop: Workshop) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "filigree-testkit-"));
  try {
    await work(new Workshop(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Trains tiny models on made-up text. */
export class Workshop {
  readonly #folder: string;
  #runs = 0;

  constructor(folder: string) {
    this.#folder = folder;
    writeText(join(folder, "text"));
  }

  async train({ sparsifier, options, steps, resume, interruptAfter, onStep, ...run }: TinyRun): Promise<TinyResult> {
    const folder = resume?.folder ?? join(this.#folder, `run${this.#runs++}`);
    const controller = new AbortController();
    const reports: StepReport[] = [];
    const config = parseTrainingConfig(
      JSON.stringify({
        format: "filigree.training/1",
        name: "tiny",
        model: { n_layer: 1, n_head: 2, d_head: 4, d_model: 8, d_mlp: 16, afrac: 0.5, sink: true },
        data: { root: "text", files: ["*.txt"] },
        tokenizer: { vocabSize: 280 },
        context: 12,
        batch: 4,
        steps,
        optimiser: { rate: 0.01, warmup: 4, gradient: "plain" },
        sparsifier: { name: sparsifier.name, options },
        seed: run.seed ?? 7,
        checkpointEvery: steps,
        evaluateEvery: steps,
      }),
      "the testkit's configuration",
    );
    await train(config, {
      out: folder,
      baseDirectory: this.#folder,
      sparsifiers: listSparsifiers().includes(sparsifier) ? [] : [sparsifier],
      resume: resume !== undefined,
      command: "",
      codeVersion: "",
      signal: controller.signal,
      onProgress(progress) {
        if (progress.phase !== "training") return;
        reports.push(progress);
        onStep?.();
        if (progress.step === interruptAfter) controller.abort();
      },
    });
    return { folder, steps: reports };
  }
}

/** A file that a run left. */
export function bytesOf({ folder }: TinyResult, file: "model.safetensors" | "training-state.safetensors"): Buffer {
  return readFileSync(join(folder, file));
}

export function cardOf({ folder }: TinyResult): ModelCard {
  const path = join(folder, "model-card.json");
  return parseModelCard(readFileSync(path, "utf8"), path);
}

/** Many files, so that some are held out. */
function writeText(folder: string): void {
  mkdirSync(folder);
  const random = randomStream(seed(3), "sparsifier-testkit/text");
  const words = ["open", "close", "value", "name", "file", "path", "line", "text"];
  const word = () => words[random.integer(words.length)]!;
  for (let i = 0; i < 60; i++) {
    const lines = Array.from({ length: 12 }, () => {
      const quote = random.integer(2) === 0 ? "'" : '"';
      return `    ${word()}_${word()}(${quote}${word()} ${word()}${quote})\n`;
    });
    writeFileSync(join(folder, `${i}.txt`), `def ${word()}():\n${lines.join("")}`);
  }
}
