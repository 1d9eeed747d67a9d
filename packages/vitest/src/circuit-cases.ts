import { readFile } from "node:fs/promises";
import { InputError, type BackendName } from "@filigree/core";
import { formatDiagnostic } from "@filigree/hypothesis";
import { claimFrame, openCheck, type ClaimDetails, type VerdictDocument } from "@filigree/scrubbing";

/** How a file is checked, in the place of what it says itself. */
export interface CircuitOptions {
  /** A checkpoint directory. */
  readonly model?: string;
  readonly backend?: BackendName;
  readonly seed?: number;
  /** How many examples to draw: fewer are faster, and more claims stay inconclusive. */
  readonly examples?: number;
}

/** A claim of a file as a test. */
export interface CircuitCase {
  /** What is claimed, after the claim's name where it has one. */
  readonly name: string;
  /** Rejects where the claim does not come out as the file expects: place, excerpt, and why. */
  run(): Promise<void>;
}

/** The claims of a file. The model stays loaded until `dispose`. */
export interface CircuitCases {
  readonly title: string;
  readonly cases: readonly CircuitCase[];
  dispose(): void;
}

/**
 * Opens a `.circuit` file: loads the model and the task that it names, and runs the model on the examples.
 *
 * @throws InputError where the file cannot be checked; its message shows each fault in its place.
 */
export async function circuitCases(file: string, options: CircuitOptions = {}): Promise<CircuitCases> {
  const text = await readCircuit(file);
  const opened = await openCheck({ text, file, ...options });
  if (!("tester" in opened)) {
    const faults = opened.diagnostics.map((diagnostic) => formatDiagnostic(diagnostic, text));
    throw new InputError({ what: `the file cannot be checked\n${faults.join("\n")}`, where: file });
  }
  const { hypothesis, tester, origin } = opened;
  const details: ClaimDetails[] = [];
  let document: Promise<VerdictDocument> | undefined;
  // A refutation stands or falls with the number of claims that were tested: the first case to run tests them all.
  const checkAll = async () => tester.document(await tester.testAll({ onDetails: (one) => details.push(one) }), origin);
  const cases = hypothesis.claims.map(({ name, text: claim, rival }, index): CircuitCase => {
    const named = /^claim \d+$/u.test(name) ? claim : `${name}: ${claim}`;
    return {
      name: rival === undefined ? named : `${named} (rival “${rival}”)`,
      async run() {
        const verdict = (await (document ??= checkAll())).claims[index]!;
        if (!verdict.met) throw new ClaimFailed(claimFrame(verdict, details[index]!, file, text));
      },
    };
  });
  return { title: hypothesis.title, cases, dispose: () => opened.dispose() };
}

/** A claim did not come out as its file expects. The stack would lead into this package: the message has the place. */
class ClaimFailed extends Error {
  override readonly name = "ClaimFailed";

  constructor(frame: string) {
    super(frame);
    this.stack = `${this.name}: ${frame}`;
  }
}

async function readCircuit(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    throw new InputError({ what: "the file cannot be read", where: file, expected: "a .circuit file", cause });
  }
}
