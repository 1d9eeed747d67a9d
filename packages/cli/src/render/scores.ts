import type { Scores } from "../model/evaluate.ts";
import { count, loss, percent } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { table } from "./table.ts";

/** Scores for a person: tasks, then circuits. */
export function renderScores({ tasks, circuits }: Scores, paint: Paint): string {
  const sections = [
    tasks.length === 0 ? "No built-in task fits the model's vocabulary." : taskTable(tasks, paint),
    ...(circuits.length === 0 ? [] : [circuitTable(circuits, paint)]),
  ];
  return sections.join("\n\n");
}

function taskTable(tasks: Scores["tasks"], paint: Paint): string {
  const rows = tasks.map((task) => [task.name, count(task.n), percent(task.accuracy), loss(task.loss)]);
  return table(
    [
      { title: "task" },
      { title: "examples", align: "right" },
      { title: "accuracy", align: "right" },
      { title: "loss", align: "right" },
    ],
    rows,
    paint,
  );
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
