import type { RankingScore } from "../model/score-ranking.ts";
import { figure } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { table, type Column } from "./table.ts";

/** What rankings are worth: their areas, and the faithfulness of the first ones at each fraction. */
export function rankingTable(rankings: readonly RankingScore[], paint: Paint): string {
  const fractions = rankings[0]!.points.map(({ fraction }) => fraction);
  const right = (title: string): Column => ({ title, align: "right" });
  const columns = [
    { title: "ranking" },
    { title: "task" },
    { title: "of" },
    right("CPR"),
    right("CMD"),
    ...fractions.map((fraction) => right(`${Number((100 * fraction).toPrecision(3))} %`)),
  ];
  const rows = rankings.map(({ pruner, task, over, cpr, cmd, points }) => [
    pruner,
    task,
    over,
    figure(cpr),
    figure(cmd),
    ...points.map(({ faithfulness: { margin, loss } }) => figure((margin ?? loss).estimate)),
  ]);
  return table(columns, rows, paint);
}
