import type { SearchProgress, TrialRun } from "@filigree/pruners";
import { count, counted, duration, loss, percent } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { table, type Column } from "./table.ts";

/** The table shows so many trials: the best. */
const SHOWN = 20;

/**
 * Where a search is, in a line.
 *
 * @param secondsLeft if it can be told
 */
export function searchProgress(
  { rung, rungs, done, of, share, best }: SearchProgress,
  secondsLeft: number | undefined,
): string {
  const parts = [`rung ${rung + 1} of ${rungs}`, `${count(done)} of ${counted(of, "run")} done`, percent(share)];
  if (best && "used" in best) parts.push(`best ${found(best)} (trial ${best.trial})`);
  if (secondsLeft !== undefined) parts.push(`about ${duration(secondsLeft)} left`);
  return parts.join(" · ");
}

/** The first trials, each as it was on its last rung, with the options that were searched. */
export function renderTrials(trials: readonly TrialRun[], paint: Paint): string {
  const searched = searchedNames(trials);
  const columns: Column[] = [
    ...["trial", "rung", "work", ...searched, "nodes", "edges", "dev loss"].map((title): Column => ({
      title,
      align: "right",
    })),
    { title: "" },
  ];
  const rows = trials.slice(0, SHOWN).map((run) => {
    const options = searched.map((name) => optionText(run.options[name]));
    const place = [String(run.trial), String(run.rung + 1)];
    if ("failure" in run) return [...place, "", ...options, "", "", "", "failed"];
    const { used, nodes, edges, dev, reached } = run;
    return [
      ...place,
      count(used),
      ...options,
      count(nodes),
      count(edges),
      loss(dev),
      reached ? "" : "misses the target",
    ];
  });
  const more = trials.length - rows.length;
  const rest = more > 0 ? [paint.dim(`and ${counted(more, "more trial")}: --trials FILE writes all`)] : [];
  return [table(columns, rows, paint), ...rest].join("\n");
}

/** What a person should know of trials that failed, if any did. */
export function failureNote(trials: readonly TrialRun[]): string | undefined {
  const failures = trials.flatMap((run) => ("failure" in run ? [run.failure] : []));
  if (failures.length === 0) return undefined;
  return `${count(failures.length)} of ${counted(trials.length, "trial")} failed, the first with: ${failures[0]}`;
}

/** The options in which the trials differ. */
function searchedNames(trials: readonly TrialRun[]): string[] {
  const runs = trials.filter((run) => "used" in run);
  const names = [...new Set(runs.flatMap(({ options }) => Object.keys(options)))];
  return names.filter((name) => new Set(runs.map(({ options }) => JSON.stringify(options[name]))).size > 1);
}

function optionText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "number" ? String(Number(value.toPrecision(3))) : JSON.stringify(value);
}

function found({ nodes, edges, reached }: Extract<TrialRun, { used: number }>): string {
  return `${counted(edges, "edge")}, ${counted(nodes, "node")}${reached ? "" : ", misses the target"}`;
}
