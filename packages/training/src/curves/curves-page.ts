import { escaped, htmlPage } from "@filigree/core";
import type { MetricsLine } from "../metrics.ts";
import { drawChart, evenlyChosen, type Chart, type Point } from "./chart.ts";

/** What the page says of the run beside its metrics. */
export interface CurvesPage {
  readonly name: string;
  /** Steps done, and steps in all. */
  readonly step: number;
  readonly steps: number;
  readonly lines: readonly MetricsLine[];
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1c2126;--soft:#68727d;--line:#e3e7ea;--paper:#fff;--thin:#7d93a8;--bold:#b3401f}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#98a3ad;--line:#30363c;--paper:#15181b;--thin:#8ba3bb;--bold:#f08a5d}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:50rem;padding:2rem 1.25rem 3rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
h1{margin:0;font-size:1.5rem;font-weight:650;letter-spacing:-.01em}
header p{margin:.15rem 0 1.1rem;color:var(--soft)}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:.9rem 1.2rem;margin:0 0 1.6rem;padding:.9rem 0;border:solid var(--line);border-width:1px 0}
dt{font-size:.8rem;color:var(--soft)}
dd{margin:0;font-size:1.15rem;font-variant-numeric:tabular-nums}
main{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(20rem,100%),1fr));gap:1.6rem 1.2rem}
figure{margin:0}
.wide{grid-column:1/-1}
figcaption span{color:var(--soft);font-size:.85rem}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font-size:10.5px;fill:var(--soft);font-variant-numeric:tabular-nums}
.grid{stroke:var(--line)}
.base{stroke:var(--soft)}
.thin,.marked{fill:none;stroke:var(--thin);stroke-width:1.2;stroke-linejoin:round}
.marked{stroke:var(--bold);stroke-width:2}
circle{fill:var(--paper);stroke:var(--bold);stroke-width:1.6}
.key{display:inline-block;width:24px;height:10px;vertical-align:middle}
.legend{margin:.1rem 0 0;color:var(--soft);font-size:.85rem;display:flex;gap:1.2rem}
details{margin-top:2rem}
summary{cursor:pointer;color:var(--soft)}
table{margin-top:.6rem;border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.85rem}
th,td{padding:.15rem 1rem .15rem 0;text-align:right}
th{font-weight:500;color:var(--soft);border-bottom:1px solid var(--line)}
`;

/** Seconds after which the page of a run that goes on looks again. */
const REFRESH = 30;

/**
 * The curves of a run as one HTML page: no scripts, nothing from elsewhere, and no clock in it, so that equal runs give
 * equal bytes. While the run goes on, the page loads itself again.
 */
export function curvesPage({ name, step, steps, lines }: CurvesPage): string {
  const isDone = step >= steps;
  return htmlPage({
    title: `${name}: training`,
    style: STYLE,
    head: isDone ? [] : [`<meta http-equiv="refresh" content="${REFRESH}">`],
    body: [
      "<header>",
      `<h1>${escaped(name)}</h1>`,
      `<p>${isDone ? `trained for ${grouped(steps)} steps` : `step ${grouped(step)} of ${grouped(steps)}`}</p>`,
      figures(lines),
      "</header>",
      "<main>",
      ...charts(lines).map((chart) => drawChart(chart, steps)),
      "</main>",
      table(lines),
    ],
  });
}

function charts(lines: readonly MetricsLine[]): Chart[] {
  const of = (key: "loss" | "heldOut" | "density" | "rate" | "gradientRms" | "deadNeurons"): Point[] =>
    lines.flatMap((line) => (line[key] === undefined ? [] : [[line.step, line[key]] as const]));
  const one = (key: Parameters<typeof of>[0], drawn: "thin" | "marked", label: string) => [
    { label, points: of(key), drawn },
  ];
  return [
    {
      title: "Loss",
      about: "nats per token",
      scale: "even",
      wide: true,
      curves: [...one("loss", "thin", "training, single batches"), ...one("heldOut", "marked", "held-out texts")],
      format: number,
    },
    {
      title: "Density",
      about: "attention and MLP weights that may stay",
      scale: "factors",
      curves: one("density", "thin", "density"),
      format: percent,
    },
    {
      title: "Dead neurons",
      about: "MLP neurons that never fire",
      scale: "even",
      from: 0,
      curves: one("deadNeurons", "marked", "dead neurons"),
      format: percent,
    },
    {
      title: "Learning rate",
      about: "with the sparsifier's factor",
      scale: "even",
      from: 0,
      curves: one("rate", "thin", "learning rate"),
      format: number,
    },
    {
      title: "Gradient",
      about: "root mean square over all weights",
      scale: "factors",
      curves: one("gradientRms", "thin", "gradient"),
      format: number,
    },
  ];
}

/** The latest figures. */
function figures(lines: readonly MetricsLine[]): string {
  const last = lines.at(-1);
  const measured = lines.findLast(({ heldOut }) => heldOut !== undefined);
  const rows: [string, string | undefined][] = [
    ["Held-out loss", measured?.heldOut?.toFixed(3)],
    ["Training loss", last?.loss.toFixed(3)],
    ["Nonzero weights", measured?.nonzeros === undefined ? undefined : grouped(measured.nonzeros)],
    ["Density", last && percent(last.density)],
    ["Dead neurons", measured?.deadNeurons === undefined ? undefined : percent(measured.deadNeurons)],
  ];
  return `<dl>${rows.map(([term, value]) => `<div><dt>${term}</dt><dd>${value ?? "–"}</dd></div>`).join("")}</dl>`;
}

/** Rows of the table; metrics.jsonl has them all. */
const MOST_ROWS = 100;

function table(lines: readonly MetricsLine[]): string {
  const measured = evenlyChosen(
    lines.filter(({ heldOut }) => heldOut !== undefined),
    MOST_ROWS,
  );
  if (measured.length === 0) return "";
  const heads = ["step", "held-out loss", "training loss", "nonzero weights", "dead neurons", "gradient RMS"];
  const rows = measured.map(({ step, heldOut, loss, nonzeros, deadNeurons, gradientRms }) => [
    grouped(step),
    heldOut!.toFixed(4),
    loss.toFixed(4),
    nonzeros === undefined ? "–" : grouped(nonzeros),
    deadNeurons === undefined ? "–" : percent(deadNeurons),
    gradientRms.toExponential(2),
  ]);
  const cells = (tag: string, values: readonly string[]) =>
    `<tr>${values.map((value) => `<${tag}>${value}</${tag}>`).join("")}</tr>`;
  return `<details>
<summary>The measurements as a table</summary>
<table>
<thead>${cells("th", heads)}</thead>
<tbody>
${rows.map((row) => cells("td", row)).join("\n")}
</tbody>
</table>
</details>`;
}

function percent(value: number): string {
  return `${Number((100 * value).toPrecision(3))} %`;
}

function number(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e5)
    ? value.toExponential().replace("e+", "e")
    : String(Number(value.toPrecision(4)));
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/gu, ",");
}
