import type { Model } from "@filigree/core";
import { DEFAULTS, type Claim, type Hypothesis, type SitePart, type Statement } from "@filigree/hypothesis";
import type { Task } from "@filigree/tasks";
import { checkHypothesis, type ClaimVerdict, type TraceLine, type VerdictDocument } from "../../src/index.ts";

/** A part at a named position. */
export function part(site: string, position: string, channels: SitePart["channels"] = "all"): SitePart {
  const at: SitePart["position"] = position === "all" ? { kind: "all" } : { kind: "named", name: position };
  return { site: site as SitePart["site"], channels, position: at };
}

/** A claim of the file itself that is meant to hold. */
export function claimOf(statement: Statement, index: number, changes: Partial<Claim> = {}): Claim {
  return {
    name: `claim ${index + 1}`,
    text: JSON.stringify(statement),
    line: index + 1,
    column: 1,
    expected: "supported",
    anyIndex: false,
    normsHeld: false,
    stated: [],
    statement,
    ...changes,
  };
}

/** A hypothesis of statements as the checker makes them. */
export function hypothesisOfStatements(
  statements: readonly Statement[],
  settings: Partial<Hypothesis["settings"]> = {},
): Hypothesis {
  return {
    title: "test",
    model: "",
    task: "",
    settings: { ...DEFAULTS.settings, ...settings },
    features: [],
    positions: [],
    nuisances: [],
    claims: statements.map((statement, i) => claimOf(statement, i)),
  };
}

/** Checks statements on a model and a task that are at hand. */
export function checkStatements(
  statements: readonly Statement[],
  model: Model,
  task: Task,
  settings: Partial<Hypothesis["settings"]> = {},
  trace?: (line: TraceLine) => void,
): Promise<VerdictDocument> {
  const options = { file: "test.circuit", fileHash: "", backend: "wasm", trace };
  return checkHypothesis(hypothesisOfStatements(statements, settings), model, task, options);
}

/** The one claim of one statement. */
export async function checkStatement(
  statement: Statement,
  model: Model,
  task: Task,
  settings: Partial<Hypothesis["settings"]> = {},
): Promise<ClaimVerdict> {
  return (await checkStatements([statement], model, task, settings)).claims[0]!;
}

/** `circuit is sufficient` over all other statements. */
export const CIRCUIT_IS_SUFFICIENT: Statement = {
  kind: "sufficient",
  circuit: { nodes: [], source: "circuit" },
  thresholds: DEFAULTS.sufficient,
};
