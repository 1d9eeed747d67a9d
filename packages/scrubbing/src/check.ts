import {
  currentBackend,
  folderOf,
  InputError,
  parseNodeFile,
  pathFrom,
  readFileBytes,
  seed,
  sha256,
  type BackendName,
  type Model,
  type NodeFile,
} from "@filigree/core";
import {
  checkCircuit,
  parseCircuit,
  readHeader,
  type CircuitFile,
  type Declaration,
  type Diagnostic,
  type Hypothesis,
} from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import { extendTask, taskNames, tokenTexts } from "./data/extend-task.ts";
import { ClaimTester, type CheckOrigin, type TesterOptions, type Watch } from "./claim-tester.ts";
import type { VerdictDocument } from "./document.ts";
import type { ClaimDetails } from "./report/details.ts";
import { SharedWork } from "./shared-work.ts";

/** What to check. */
export interface CheckInput {
  /** The text of the `.circuit` file. */
  readonly text: string;
  /** Its path: paths in the file are relative to its folder, and diagnostics name it. */
  readonly file: string;
  /** A checkpoint directory in place of the file's `model`. */
  readonly model?: string | undefined;
  readonly backend?: BackendName | undefined;
  /** In place of the file's settings. */
  readonly seed?: number | undefined;
  readonly examples?: number | undefined;
}

export interface CheckOptions extends CheckInput, Watch, Pick<TesterOptions, "shared"> {}

/** Either what is wrong with the file, or its verdicts. */
export type CheckOutcome =
  | { readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly diagnostics: readonly [];
      readonly verdict: VerdictDocument;
      /** What reports show beside the verdict: one a claim, in their order. */
      readonly details: readonly ClaimDetails[];
    };

/** Either what is wrong with the file, or its claims, ready to be tested. */
export type OpenedCheck =
  | { readonly diagnostics: readonly Diagnostic[] }
  | {
      readonly diagnostics: readonly [];
      readonly hypothesis: Hypothesis;
      readonly tester: ClaimTester;
      readonly origin: CheckOrigin;
      dispose(): void;
    };

/**
 * Checks a `.circuit` file: reads it, loads the model and the task that it names, and tests each claim by causal
 * scrubbing, one after the other. To spread the claims over threads, {@link openCheck} on each.
 *
 * @throws InputError where the model that the caller names or a node file cannot be read.
 */
export async function check(options: CheckOptions): Promise<CheckOutcome> {
  const opened = await openCheck(options, options);
  if (!("tester" in opened)) return opened;
  const { tester, origin } = opened;
  try {
    const details: ClaimDetails[] = [];
    const onDetails = (one: ClaimDetails) => {
      details.push(one);
      options.onDetails?.(one);
    };
    const verdicts = await tester.testAll({ ...options, onDetails });
    return { diagnostics: [], verdict: tester.document(verdicts, origin), details };
  } finally {
    opened.dispose();
  }
}

/**
 * Reads a `.circuit` file and loads the model and the task that it names. The caller disposes of what was opened; what is
 * shared is disposed of by its owner.
 *
 * @throws InputError as {@link check} does.
 */
export async function openCheck(
  input: CheckInput,
  options: Watch & Pick<TesterOptions, "shared"> = {},
): Promise<OpenedCheck> {
  const { text, file } = input;
  const { tree, diagnostics: unread } = parseCircuit(text, file);
  const header = readHeader(tree);
  const modelPath = input.model ?? (header.model === undefined ? undefined : pathFrom(folderOf(file), header.model));
  // Without model or task, or with lines that cannot be read, say all that is wrong with the text.
  if (modelPath === undefined || header.task === undefined || unread.length > 0) {
    const found = [...unread, ...checkCircuit(tree, {}).diagnostics];
    // Of a model that the caller brings the text need say nothing.
    const diagnostics = found.filter(({ code }) => code !== "missing-model" || modelPath === undefined);
    if (diagnostics.length > 0) return { diagnostics: diagnostics.sort((a, b) => a.span.start - b.span.start) };
    const missing = modelPath === undefined ? "model" : "task";
    throw new InputError({
      what: `the file names no ${missing}`,
      where: file,
      expected: `a line such as ${EXAMPLES[missing]}`,
    });
  }
  const shared = options.shared ?? new SharedWork();
  const dispose = () => {
    if (!options.shared) shared.dispose();
  };
  let model: Model;
  try {
    model = await shared.model(modelPath, input.backend);
  } catch (error) {
    // A model of the caller's choice is not the file's fault.
    if (input.model !== undefined) throw error;
    return { diagnostics: [atHeader(tree, "model", error)] };
  }
  try {
    const opened = openWith(model, header.task, input, tree, { ...options, shared });
    if ("tester" in opened) {
      const { tester } = opened;
      return {
        ...opened,
        dispose() {
          tester.dispose();
          dispose();
        },
      };
    }
    dispose();
    return opened;
  } catch (error) {
    dispose();
    throw error;
  }
}

function openWith(
  model: Model,
  reference: string,
  input: CheckInput,
  tree: CircuitFile,
  options: Watch & { readonly shared: SharedWork },
) {
  const { text, file } = input;
  let task: Task;
  try {
    task = options.shared.task(model, reference, folderOf(file));
  } catch (error) {
    return { diagnostics: [atHeader(tree, "task", error)] };
  }
  const files = sha256().update(text);
  const checked = checkCircuit(tree, {
    shape: model.config,
    task: taskNames(task),
    nodeFile: (path, from) => readNodeFile(pathFrom(folderOf(from), path), path, model),
    circuitFile: (path, from) => {
      const imported = readCircuitFile(pathFrom(folderOf(from), path), path);
      files.update(imported.text);
      return imported;
    },
  });
  if (!checked.hypothesis) return { diagnostics: checked.diagnostics };
  const origin = { file, fileHash: files.hex(), backend: currentBackend() };
  const extended = extendTask(task, checked.hypothesis, tokenTexts(model));
  const hypothesis = withOverrides(checked.hypothesis, input);
  const tester = new ClaimTester(hypothesis, model, extended, options);
  return { diagnostics: [] as const, hypothesis, tester, origin };
}

/** What is wrong with what a line of the header names, at the place of the name. */
function atHeader(tree: CircuitFile, kind: "model" | "task", error: unknown): Diagnostic {
  if (!(error instanceof InputError)) throw error;
  const line = tree.items.find((item): item is Declaration => item.kind === kind);
  if (!line) throw error;
  return {
    code: `unreadable-${kind}`,
    severity: "error",
    message: error.where === undefined ? error.what : `${error.where}: ${error.what}`,
    ...hintOf(error),
    span: line.value.span,
    file: tree.file,
  };
}

function hintOf({ expected, hint }: InputError): { hint?: string } {
  const parts = [...(expected === undefined ? [] : [`expected: ${expected}`]), ...(hint === undefined ? [] : [hint])];
  return parts.length === 0 ? {} : { hint: parts.join("; ") };
}

const EXAMPLES = { model: `model "../models/python-small"`, task: "task single_double_quote" };

/** The text of another `.circuit` file. @param shown its path as written */
function readCircuitFile(path: string, shown: string): { file: string; text: string } {
  try {
    return { file: path, text: new TextDecoder("utf-8", { fatal: true }).decode(readFileBytes(path)) };
  } catch (cause) {
    throw new InputError({ what: "the file cannot be read", where: shown, expected: "a .circuit file", cause });
  }
}

function readNodeFile(path: string, shown: string, model: Model): NodeFile {
  let text: string;
  try {
    text = new TextDecoder().decode(readFileBytes(path));
  } catch (cause) {
    throw new InputError({ what: "the node file cannot be read", where: shown, cause });
  }
  const nodes = parseNodeFile(text, shown);
  if (nodes.model !== model.hash) {
    throw new InputError({
      what: "the node file belongs to another model",
      where: shown,
      expected: `model ${model.hash.slice(0, 12)}…, found ${nodes.model.slice(0, 12)}…`,
      hint: "prune this model anew, or name the model that the nodes were found in",
    });
  }
  return nodes;
}

function withOverrides(hypothesis: Hypothesis, { seed: chosen, examples }: CheckInput): Hypothesis {
  const settings = {
    ...hypothesis.settings,
    ...(chosen !== undefined && { seed: seed(chosen) }),
    ...(examples !== undefined && { examples }),
  };
  return { ...hypothesis, settings };
}
