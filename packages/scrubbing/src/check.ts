import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import {
  currentBackend,
  disposeModel,
  InputError,
  loadModel,
  parseNodeFile,
  seed,
  type BackendName,
  type Model,
  type NodeFile,
} from "@filigree/core";
import { checkCircuit, parseCircuit, readHeader, type Diagnostic, type Hypothesis } from "@filigree/hypothesis";
import { loadTask, type Task } from "@filigree/tasks";
import type { TraceLine, VerdictDocument } from "./document.ts";
import { checkHypothesis, type CheckProgress } from "./check-hypothesis.ts";

export interface CheckOptions {
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
  readonly onProgress?: ((progress: CheckProgress) => void) | undefined;
  readonly trace?: ((line: TraceLine) => void) | undefined;
}

/** Either what is wrong with the file, or its verdicts. */
export type CheckOutcome =
  | { readonly diagnostics: readonly Diagnostic[] }
  | { readonly diagnostics: readonly []; readonly verdict: VerdictDocument };

/**
 * Checks a `.circuit` file: reads it, loads the model and the task that it names, and tests each claim by causal
 * scrubbing. All that `filigree check` does.
 *
 * @throws InputError where the model, the task or a node file cannot be read.
 */
export async function check(options: CheckOptions): Promise<CheckOutcome> {
  const { text, file } = options;
  const parsed = parseCircuit(text, file);
  const header = readHeader(parsed.tree);
  const modelPath = options.model ?? (header.model === undefined ? undefined : resolve(dirname(file), header.model));
  // Without model or task, or with lines that cannot be read, say all that is wrong with the text.
  if (modelPath === undefined || header.task === undefined || parsed.diagnostics.length > 0) {
    const found = [...parsed.diagnostics, ...checkCircuit(parsed.tree, {}).diagnostics];
    // Of a model that the caller brings the text need say nothing.
    const diagnostics = found.filter(({ code }) => code !== "missing-model" || modelPath === undefined);
    if (diagnostics.length > 0) return { diagnostics: inOrder(diagnostics) };
    const missing = modelPath === undefined ? "model" : "task";
    throw new InputError({
      what: `the file names no ${missing}`,
      where: file,
      expected: `a line such as ${EXAMPLES[missing]}`,
    });
  }
  const model = await loadModel(modelPath, options.backend);
  try {
    const task = loadTaskFor(model, header.task, file);
    const checked = checkCircuit(parsed.tree, {
      shape: model.config,
      task: { features: task.features, positions: task.positionNames },
      nodeFile: (path) => readNodeFile(resolve(dirname(file), path), path, model),
    });
    if (!checked.hypothesis) return { diagnostics: inOrder(checked.diagnostics) };
    const hypothesis = withOverrides(checked.hypothesis, options);
    const verdict = checkHypothesis(hypothesis, model, task, {
      file,
      fileHash: createHash("sha256").update(text).digest("hex"),
      backend: currentBackend(),
      onProgress: options.onProgress,
      trace: options.trace,
    });
    return { diagnostics: [], verdict };
  } finally {
    disposeModel(model);
  }
}

const EXAMPLES = { model: `model "../models/python-small"`, task: "task single_double_quote" };

function loadTaskFor(model: Model, reference: string, file: string): Task {
  const { vocabSize, outSize, blockSize } = model.config;
  // Built-in tasks are drawn by their own seed, so that a check's seed never changes which prompts there are.
  return loadTask(reference, {
    tokenizer: model.tokenizer,
    vocabSize,
    outSize,
    blockSize,
    baseDirectory: dirname(file),
    seed: seed(0),
  });
}

function readNodeFile(path: string, shown: string, model: Model): NodeFile {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
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

function withOverrides(hypothesis: Hypothesis, { seed: chosen, examples }: CheckOptions): Hypothesis {
  const settings = {
    ...hypothesis.settings,
    ...(chosen !== undefined && { seed: seed(chosen) }),
    ...(examples !== undefined && { examples }),
  };
  return { ...hypothesis, settings };
}

function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort((a, b) => a.span.start - b.span.start);
}
