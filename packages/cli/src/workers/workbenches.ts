import type { Workbench } from "./workbench.ts";

/** The kinds of work that can be spread. What a kind needs is loaded by the thread that does it. */
const WORKBENCHES = {
  claims: async () => new (await import("../model/claims-workbench.ts")).ClaimsWorkbench(),
  rows: async () => new (await import("../model/rows-workbench.ts")).RowsWorkbench(),
  scores: async () => new (await import("../model/scores-workbench.ts")).ScoresWorkbench(),
  trials: async () => new (await import("../model/trials-workbench.ts")).TrialsWorkbench(),
};

export type WorkKind = keyof typeof WORKBENCHES;

type BenchOf<Kind extends WorkKind> = Awaited<ReturnType<(typeof WORKBENCHES)[Kind]>>;
export type InputOf<Kind extends WorkKind> =
  BenchOf<Kind> extends Workbench<infer Input, infer _, infer __> ? Input : never;
export type OutputOf<Kind extends WorkKind> =
  BenchOf<Kind> extends Workbench<infer _, infer Output, infer __> ? Output : never;
export type NewsOf<Kind extends WorkKind> =
  BenchOf<Kind> extends Workbench<infer _, infer __, infer News> ? News : never;

export type WorkbenchOf<Kind extends WorkKind> = Workbench<InputOf<Kind>, OutputOf<Kind>, NewsOf<Kind>>;

export function openWorkbench<Kind extends WorkKind>(kind: Kind): Promise<WorkbenchOf<Kind>> {
  return WORKBENCHES[kind]() as unknown as Promise<WorkbenchOf<Kind>>;
}
