/** Where text goes. */
export interface Output {
  write(text: string): void;
  /** Whether a person is looking: colours and a progress line that updates in place are for terminals only. */
  readonly isTerminal: boolean;
  /** Width in characters. */
  readonly columns: number;
}

/** What a command is connected to. */
export interface Streams {
  /** Results. */
  readonly stdout: Output;
  /** Progress, notes and errors. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Width of a line where the stream does not say, and the least that tables are laid out for. */
const DEFAULT_COLUMNS = 100;
const LEAST_COLUMNS = 40;

/** The streams of this process. */
export function processStreams(): Streams {
  return { stdout: outputOf(process.stdout), stderr: outputOf(process.stderr), env: process.env };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY === true,
    get columns() {
      // Some pseudo-terminals say that they have no columns.
      return Math.max(LEAST_COLUMNS, stream.columns || DEFAULT_COLUMNS);
    },
  };
}
