import { EXIT, type ExitCode } from "./exit-codes.ts";
import { paintFor, type Paint } from "./render/paint.ts";
import { Progress } from "./render/progress.ts";
import type { Streams } from "./streams.ts";

/** What one run of the command line speaks through, and how it ends. */
export class Session {
  readonly streams: Streams;
  /** Colours for standard output. */
  readonly paint: Paint;
  exitCode: ExitCode = EXIT.ok;

  constructor(streams: Streams) {
    this.streams = streams;
    this.paint = paintFor(streams.stdout, streams.env);
  }

  /** Width of standard output. */
  get columns(): number {
    return this.streams.stdout.columns;
  }

  /** Lines for a person, on standard output. */
  print(text: string): void {
    this.streams.stdout.write(`${text}\n`);
  }

  /** The one JSON document of a `--json` run. */
  printJson(document: unknown): void {
    this.print(JSON.stringify(document, null, 2));
  }

  /** A line beside the result, on standard error. */
  note(text: string): void {
    this.streams.stderr.write(`${text}\n`);
  }

  /** Runs work that reports where it is; the progress line is gone afterwards. */
  async withProgress<Result>(work: (progress: Progress) => Promise<Result>): Promise<Result> {
    const progress = new Progress(this.streams.stderr);
    try {
      return await work(progress);
    } finally {
      progress.end();
    }
  }
}
