import type { Output, Streams } from "../src/index.ts";

export interface Captured extends Output {
  readonly text: () => string;
}

/** An output that remembers what was written. */
export function capture(look: { isTerminal?: boolean; columns?: number } = {}): Captured {
  let written = "";
  return {
    isTerminal: look.isTerminal ?? false,
    columns: look.columns ?? 100,
    write: (text) => void (written += text),
    text: () => written,
  };
}

/** Streams that remember. */
export function captureStreams(look: { isTerminal?: boolean; env?: Record<string, string> } = {}): Streams & {
  readonly stdout: Captured;
  readonly stderr: Captured;
} {
  return { stdout: capture(look), stderr: capture(look), env: look.env ?? {} };
}
