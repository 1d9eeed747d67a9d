import type { AblationKind, ControlRun, Estimate, Faithfulness } from "@filigree/pruners";
import type { TaskStability } from "../model/evaluate.ts";
import type { CircuitScore } from "../model/score-circuit.ts";
import { count, counted, figure, loss } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { table } from "./table.ts";

const KINDS: readonly AblationKind[] = ["mean", "zero", "resample"];

const CONTROLS: Readonly<Record<ControlRun["control"], string>> = {
  nonsense: "nonsense task",
  untrained: "untrained weights",
};

/** Everything that was measured of some circuits: a line a figure, a column a circuit. */
export function assessmentTable(circuits: readonly CircuitScore[], paint: Paint): string {
  const line = (title: string, cell: (circuit: CircuitScore) => string): string[] => [title, ...circuits.map(cell)];
  const runLine = (control: ControlRun["control"]) =>
    circuits.some(({ controls }) => controls?.some((run) => run.control === control))
      ? [line(CONTROLS[control], ({ controls }) => runCell(controls?.find((run) => run.control === control)))]
      : [];
  const rows = [
    line("nodes", ({ nodes }) => count(nodes)),
    line("edges", ({ edges, assessment: { edgesBetween } }) =>
      edges === edgesBetween ? count(edges) : `${count(edges)} of the ${count(edgesBetween)} between its nodes`,
    ),
    line("ablation", ({ assessment }) => assessment.ablation),
    line("loss on dev", ({ assessment }) => loss(assessment.dev)),
    line("loss on test", ({ loss: value }) => loss(value)),
    line("uncalibrated", ({ assessment }) => interval(assessment.loss, loss)),
    line("whole model", ({ model }) => loss(model)),
    ...KINDS.map((kind) =>
      line(`faithfulness, ${kind}`, ({ assessment: { faithfulness } }) => faithful(faithfulness[kind])),
    ),
    line("loss without it", ({ assessment: { without } }) => interval(without.loss, loss)),
    line("faithfulness without it", ({ assessment: { without } }) => faithful(without.faithfulness)),
    line("edge effects predicted", ({ assessment: { edgeEffects } }) => {
      const { edges, of, pearson } = edgeEffects;
      return `r = ${figure(pearson)} (${count(edges.length)} of ${counted(of, "edge")})`;
    }),
    line("random circuits, loss", ({ assessment: { random } }) =>
      random.losses.length === 0 ? "–" : `${loss(Math.min(...random.losses))} to ${loss(Math.max(...random.losses))}`,
    ),
    line("as good as it", ({ assessment: { random } }) => {
      return `${random.asGood} of ${random.losses.length} (p = ${random.p.toFixed(3)})`;
    }),
    ...runLine("nonsense"),
    ...runLine("untrained"),
    ...(circuits.some(({ seeds }) => seeds)
      ? [
          line("other seeds, nodes", ({ seeds }) => (seeds ? range(seeds.runs.map(({ nodes }) => nodes)) : "–")),
          line("stability of nodes", ({ seeds }) => (seeds ? figure(seeds.stability.nodes) : "–")),
          line("stability of edges", ({ seeds }) => (seeds ? figure(seeds.stability.edges) : "–")),
        ]
      : []),
  ];
  const columns = [{ title: "figure" }, ...circuits.map(({ file }) => ({ title: file, align: "right" }) as const)];
  return [table(columns, rows, paint), ...circuits.map((circuit) => verdictLine(circuit, paint))].join("\n");
}

/** How alike circuits of one task are. */
export function stabilityLine({ task, circuits, nodes, edges, shared }: TaskStability): string {
  const alike = `nodes ${figure(nodes)}, edges ${figure(edges)}`;
  return `stability of ${circuits} circuits of ${task} (mean Jaccard index): ${alike}; ${counted(shared.length, "node")} in all of them`;
}

function verdictLine({ file, verdict, controls }: CircuitScore, paint: Paint): string {
  const { because, unfinished } = verdict;
  if (because.length > 0) return `${file}: ${paint.red("no better than its controls")}: ${because.join("; ")}`;
  if (unfinished.length > 0) {
    const runs = unfinished.map((control) => CONTROLS[control]).join(" and ");
    const which = unfinished.length === controls?.length ? "no control run finished" : `${runs}: not finished`;
    return `${file}: ${paint.yellow("not shown to be better than its controls")}: ${which}: give a larger --budget`;
  }
  const tried = controls ? "its controls" : "random circuits (more controls: --controls)";
  return `${file}: ${paint.green(`better than ${tried}`)}`;
}

function faithful(faithfulness: Faithfulness | undefined): string {
  return faithfulness ? interval(faithfulness.margin ?? faithfulness.loss, figure) : "–";
}

function interval({ estimate, low, high }: Estimate, format: (value: number) => string): string {
  if (Number.isNaN(estimate)) return "–";
  return `${format(estimate)} [${format(low)}, ${format(high)}]`;
}

function runCell(run: ControlRun | undefined): string {
  if (!run) return "–";
  const size = `${counted(run.nodes, "node")}, ${counted(run.edges, "edge")}`;
  const notes = [...(run.reached ? [] : ["misses the target"]), ...(run.complete ? [] : ["not finished"])];
  return [`${size}, loss ${loss(run.dev)}`, ...(notes.length > 0 ? [notes.join(", ")] : [])].join(": ");
}

function range(values: readonly number[]): string {
  return values.length === 0 ? "–" : `${count(Math.min(...values))} to ${count(Math.max(...values))}`;
}
