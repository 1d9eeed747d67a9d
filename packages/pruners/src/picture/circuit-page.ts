import { escaped, htmlPage, type NodeFile, type NodeFileEdge } from "@filigree/core";
import { drawCircuit, type PictureOptions } from "./circuit-svg.ts";
import { signed } from "./draw-edges.ts";
import { factsOf } from "./facts.ts";
import { pageColours } from "./style.ts";

const STYLE = `
*{box-sizing:border-box}
body{margin:0 auto;max-width:max-content;padding:2rem 1.5rem 4rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.6rem;margin:0 0 .75rem;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content minmax(0,70ch);gap:.15rem 1.25rem;margin:0 0 1.5rem}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
figure{margin:0 -1.5rem 1.5rem;overflow-x:auto}
svg{display:block}
summary{cursor:pointer;font-weight:600;padding:.4rem 0}
table{border-collapse:collapse;margin:.5rem 0 1rem;font-variant-numeric:tabular-nums}
th{text-align:left;font-weight:600;color:var(--muted)}
th,td{padding:.2rem 1.25rem .2rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
td.number,th.number{text-align:right}
code{font:.9em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}`;

/**
 * A picture of a circuit, as a self-contained HTML page: the picture of {@link circuitSvg}, what the file says of the
 * circuit, and its labels and edges as tables. It holds no script and reads nothing from elsewhere. The same file gives
 * the same bytes.
 *
 * @throws InputError for more than 1,000 nodes, or a head size that is not a whole number from 1.
 */
export function circuitPage(file: NodeFile, options: PictureOptions = {}): string {
  const { task, size, model, foundBy, losses, ablation } = factsOf(file);
  const facts: readonly (readonly [string, string])[] = [
    ["Size", size],
    ["Model", model],
    ["Found by", `${foundBy}, seed ${file.found.seed}`],
    ["Loss in nats", losses],
    ["Nodes outside", `show ${ablation}`],
  ];
  return htmlPage({
    title: `Circuit of ${task}`,
    style: `${pageColours()}${STYLE}`,
    head: [`<meta name="color-scheme" content="light dark">`],
    body: [
      `<h1>${escaped(task)}</h1>`,
      "<dl>",
      ...facts.map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value)}</dd>`),
      "</dl>",
      `<figure>${drawCircuit(file, options, false)}</figure>`,
      ...labelTable(file),
      ...edgeTable(file.edges),
    ],
  });
}

function labelTable({ labels = {} }: NodeFile): string[] {
  const entries = Object.entries(labels);
  if (entries.length === 0) return [];
  const rows = entries.map(
    ([id, { text, by }]) =>
      `<tr><td><code>${escaped(id)}</code></td><td>${escaped(text)}</td><td>${by === "human" ? "a person" : "a program"}</td></tr>`,
  );
  return details("Labels", "<th>node</th><th>what it does</th><th>says</th>", rows);
}

/** The edges that matter most come first. */
function edgeTable(edges: readonly NodeFileEdge[]): string[] {
  if (edges.length === 0) return [];
  const sorted = [...edges].sort(
    (a, b) => Math.abs(b.effect ?? 0) - Math.abs(a.effect ?? 0) || Math.abs(b.weight) - Math.abs(a.weight),
  );
  const effects = edges.some(({ effect }) => effect !== undefined);
  const rows = sorted.map(({ from, to, weight, effect }) => {
    const cut = effects ? number(effect === undefined ? "" : signed(effect)) : "";
    return `<tr><td><code>${escaped(from)}</code></td><td><code>${escaped(to)}</code></td>${number(signed(weight))}${cut}</tr>`;
  });
  const head = `<th>from</th><th>to</th><th class="number">weight</th>${effects ? `<th class="number">loss when cut, nats</th>` : ""}`;
  return details("Edges", head, rows);
}

function number(text: string): string {
  return `<td class="number">${text}</td>`;
}

/** A longer table is folded up at first. */
const SHORT_TABLE = 40;

function details(name: string, head: string, rows: readonly string[]): string[] {
  return [
    `<details${rows.length <= SHORT_TABLE ? ` open=""` : ""}><summary>${name}</summary>`,
    `<table><thead><tr>${head}</tr></thead><tbody>`,
    ...rows,
    "</tbody></table></details>",
  ];
}
