import type { Scores } from "../model/evaluate.ts";
import type { NamedScore } from "../model/scores-workbench.ts";
import { assessmentTable, stabilityLine } from "./assessments.ts";
import { count, counted, loss, percent } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { rankingTable } from "./rankings.ts";
import { table } from "./table.ts";

/** From here on a model does a task: the accuracy and the loss, in nats, that circuits are asked for too. */
const REACHED = { accuracy: 0.95, loss: 0.15 };

/** Scores for a person: tasks, then circuits, then each task's circuits with everything that was measured of them. */
export function renderScores({ tasks, circuits, rankings, stability }: Scores, paint: Paint): string {
  const sections = [
    taskTable(tasks, paint),
    ...(tasks.length > 1 ? [reachedLine(tasks)] : []),
    ...(circuits.length === 0 ? [] : [circuitTable(circuits, paint)]),
    ...[...new Set(circuits.map(({ task }) => task))].flatMap((task) => [
      assessmentTable(
        circuits.filter((circuit) => circuit.task === task),
        paint,
      ),
      ...stability.filter((alike) => alike.task === task).map(stabilityLine),
    ]),
    ...(rankings.length === 0 ? [] : [rankingTable(rankings, paint)]),
  ];
  return sections.join("\n\n");
}

function taskTable(tasks: Scores["tasks"], paint: Paint): string {
  const rows = tasks.map((task) =>
    isScore(task)
      ? [task.name, count(task.n), percent(task.accuracy), loss(task.loss)]
      : [task.name, "–", "–", "–", task.unfit],
  );
  return table(
    [
      { title: "task" },
      { title: "examples", align: "right" },
      { title: "accuracy", align: "right" },
      { title: "loss", align: "right" },
      { title: "" },
    ],
    rows,
    paint,
  );
}

function reachedLine(tasks: Scores["tasks"]): string {
  const reached = tasks.filter(
    (task) => isScore(task) && task.accuracy >= REACHED.accuracy && task.loss <= REACHED.loss,
  );
  const of = `${reached.length} of ${counted(tasks.length, "task")}`;
  return `${of} at an accuracy of ${100 * REACHED.accuracy} % or more and a loss of ${REACHED.loss} or less`;
}

/** Whether the vocabulary could express the task. */
export function isScore(task: Scores["tasks"][number]): task is NamedScore {
  return !("unfit" in task);
}

function circuitTable(circuits: Scores["circuits"], paint: Paint): string {
  const rows = circuits.map((circuit) => [
    circuit.file,
    circuit.task,
    count(circuit.nodes),
    count(circuit.edges),
    percent(circuit.accuracy),
    loss(circuit.loss),
    loss(circuit.uncalibrated),
    loss(circuit.model),
  ]);
  return table(
    [
      { title: "circuit" },
      { title: "task" },
      { title: "nodes", align: "right" },
      { title: "edges", align: "right" },
      { title: "accuracy", align: "right" },
      { title: "loss", align: "right" },
      { title: "uncalibrated", align: "right" },
      { title: "whole model", align: "right" },
    ],
    rows,
    paint,
  );
}
