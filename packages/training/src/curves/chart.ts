import { escaped } from "@filigree/core";
import { evenAxis, factorAxis } from "./axis.ts";

/** A point of a curve: the step, and the value there. */
export type Point = readonly [step: number, value: number];

export interface Curve {
  readonly label: string;
  readonly points: readonly Point[];
  /** A thin line, or a bold one with a mark at each point: told apart without colours. */
  readonly drawn: "thin" | "marked";
}

export interface Chart {
  readonly title: string;
  /** What the numbers are, below the title. */
  readonly about: string;
  readonly curves: readonly Curve[];
  readonly scale: "even" | "factors";
  /** Where an even scale begins, if not near the least value. */
  readonly from?: number;
  readonly wide?: boolean;
  format(value: number): string;
}

const HEIGHT = 190;
const MARGIN = { left: 46, right: 14, top: 8, bottom: 22 };
/** More points than this are averaged in groups: finer than the eye, and small on disk. */
const MOST_POINTS = 300;
/** Of more marked points, which stand for themselves, only some are shown. */
const MOST_MARKS = 60;

/** A chart as a figure with inline SVG. Its horizontal axis goes from 0 to `steps`. */
export function drawChart(chart: Chart, steps: number): string {
  const width = chart.wide === true ? 760 : 372;
  const curves = chart.curves.map((curve) => ({ ...curve, points: fewer(curve, chart.scale) }));
  const values = curves.flatMap(({ points }) => points.map(([, value]) => value));
  const body =
    values.length === 0
      ? `<text class="none" x="${width / 2}" y="${HEIGHT / 2}" text-anchor="middle">not measured yet</text>`
      : drawCurves(chart, curves, values, steps, width);
  return [
    `<figure${chart.wide === true ? ' class="wide"' : ""}>`,
    `<figcaption><b>${escaped(chart.title)}</b> <span>${escaped(chart.about)}</span></figcaption>`,
    `<svg viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${escaped(spoken(chart))}">${body}</svg>`,
    legend(chart),
    "</figure>",
  ].join("\n");
}

function drawCurves(
  chart: Chart,
  curves: readonly Curve[],
  values: readonly number[],
  steps: number,
  width: number,
): string {
  const across = evenAxis([0, steps], { count: chart.wide === true ? 8 : 4, from: 0, to: steps });
  const up = chart.scale === "factors" ? factorAxis(values) : evenAxis(values, { count: 4, ...fromOf(chart) });
  const x = (step: number) => round(MARGIN.left + across.place(step) * (width - MARGIN.left - MARGIN.right));
  const y = (value: number) => round(HEIGHT - MARGIN.bottom - up.place(value) * (HEIGHT - MARGIN.top - MARGIN.bottom));
  const grid = up.ticks.map((tick) => {
    const label = `<text x="${MARGIN.left - 6}" y="${y(tick)}" dy=".32em" text-anchor="end">${chart.format(tick)}</text>`;
    return `<path class="grid" d="M${MARGIN.left} ${y(tick)}H${width - MARGIN.right}"/>${label}`;
  });
  const feet = across.ticks.map(
    (tick) => `<text x="${x(tick)}" y="${HEIGHT - 5}" text-anchor="middle">${shortCount(tick)}</text>`,
  );
  const lines = curves.map(({ points, drawn }) => {
    const path = `<path class="${drawn}" d="M${points.map(([step, value]) => `${x(step)} ${y(value)}`).join("L")}"/>`;
    if (drawn === "thin") return path;
    const marks = points.map(
      ([step, value]) =>
        `<circle cx="${x(step)}" cy="${y(value)}" r="2.4"><title>step ${step}: ${chart.format(value)}</title></circle>`,
    );
    return path + marks.join("");
  });
  const base = `<path class="base" d="M${MARGIN.left} ${HEIGHT - MARGIN.bottom}H${width - MARGIN.right}"/>`;
  return [...grid, base, ...feet, ...lines].join("\n");
}

function legend({ curves }: Chart): string {
  if (curves.length < 2) return "";
  const keys = curves.map(({ label, drawn }) => {
    const mark = drawn === "marked" ? '<circle cx="12" cy="5" r="2.4"/>' : "";
    return `<span><svg class="key" viewBox="0 0 24 10"><path class="${drawn}" d="M0 5H24"/>${mark}</svg> ${escaped(label)}</span>`;
  });
  return `<p class="legend">${keys.join(" ")}</p>`;
}

/** What somebody who does not see the chart is told. */
function spoken({ title, curves, format }: Chart): string {
  const sentences = curves.map(({ label, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    if (!first || !last) return `${label}: not measured yet`;
    return `${label}: ${format(first[1])} at step ${first[0]}, ${format(last[1])} at step ${last[0]}`;
  });
  return `${title}. ${sentences.join(". ")}.`;
}

function fromOf({ from }: Chart): { from?: number } {
  return from === undefined ? {} : { from };
}

function visible(points: readonly Point[], scale: Chart["scale"]): readonly Point[] {
  return points.filter(([, value]) => Number.isFinite(value) && (scale === "even" || value > 0));
}

function fewer({ points, drawn }: Curve, scale: Chart["scale"]): readonly Point[] {
  const shown = visible(points, scale);
  return drawn === "marked" ? evenlyChosen(shown, MOST_MARKS) : averaged(shown);
}

/** The last of a list and others at even distances before it, so many at most. */
export function evenlyChosen<Item>(items: readonly Item[], most: number): readonly Item[] {
  const size = Math.ceil(items.length / most);
  return items.filter((_, i) => (items.length - 1 - i) % size === 0);
}

function averaged(points: readonly Point[]): readonly Point[] {
  const size = Math.ceil(points.length / MOST_POINTS);
  if (size <= 1) return points;
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i): Point => {
    const group = points.slice(i * size, (i + 1) * size);
    const mean = (part: 0 | 1) => group.reduce((sum, point) => sum + point[part], 0) / group.length;
    return [Math.round(mean(0)), mean(1)];
  });
}

function shortCount(steps: number): string {
  return steps >= 10_000 ? `${Number((steps / 1000).toPrecision(3))}k` : steps.toString().replace(/\B(?=\d{3}$)/u, ",");
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
