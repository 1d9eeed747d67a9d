import { DASHES, signed, THICKEST, THINNEST, type EdgeScale } from "./draw-edges.ts";
import { text } from "./draw-nodes.ts";
import { tenth, textWidth } from "./markup.ts";
import type { PictureGraph } from "./picture-graph.ts";
import { SMALL_SIZE } from "./shapes.ts";

const SAMPLE = 30;
const LINE = 20;
const BETWEEN = 26;

interface Entry {
  readonly draw: (x: number, y: number) => string;
  readonly words: string;
}

/** What the lines and colours mean, over as many lines as the width asks for. Starts at (0, 0). */
export function drawLegend(graph: PictureGraph, scale: EdgeScale, width: number): { svg: string; height: number } {
  const parts: string[] = [];
  let [x, y] = [0, 0];
  for (const { draw, words } of entriesFor(graph, scale)) {
    const needed = SAMPLE + 8 + textWidth(words, SMALL_SIZE);
    if (x > 0 && x + needed > width) [x, y] = [0, y + LINE];
    parts.push(draw(x, y + LINE / 2), text(x + SAMPLE + 8, y + LINE / 2 + 3.5, SMALL_SIZE, words, { kind: "muted" }));
    x += needed + BETWEEN;
  }
  return { svg: parts.join(""), height: y + LINE };
}

function entriesFor({ edges, clusters, nodes }: PictureGraph, scale: EdgeScale): Entry[] {
  const entries: Entry[] = [];
  if (edges.length > 0) {
    entries.push({ draw: line("positive", 2.6), words: "positive weight" });
    entries.push({ draw: line("negative", 2.6, DASHES), words: "negative weight" });
    entries.push({ draw: wedge, words: `thicker: larger weight, up to ${signed(scale.weight)}` });
    if (scale.effect !== undefined) {
      entries.push({ draw: fading, words: `fainter: matters less; at most ${signed(scale.effect)} nats when cut` });
    }
  }
  entries.push({ draw: line("stream", undefined), words: "residual stream, from a write to a read" });
  entries.push({ draw: line("stream outer", undefined), words: "the same, from the embeddings or to the logits" });
  if (clusters.some(({ head }) => head !== undefined)) {
    entries.push({ draw: attention, words: "attention: queries meet keys and choose values" });
  }
  for (const [kind, colour, words] of KINDS) {
    if (nodes.some((node) => node.kind.endsWith(kind))) entries.push({ draw: swatch(colour), words });
  }
  return entries;
}

const KINDS = [
  ["act_in", "read", "reads the stream"],
  [".v", "attention", "query, key or value"],
  ["post_act", "neuron", "neuron"],
  ["resid_delta", "write", "writes to the stream"],
] as const;

function line(kind: string, width: number | undefined, dashes?: string): Entry["draw"] {
  const look = `${width === undefined ? "" : ` stroke-width="${width}"`}${dashes === undefined ? "" : ` stroke-dasharray="${dashes}"`}`;
  return (x, y) => `<path class="${kind}" d="M${tenth(x)} ${tenth(y)}h${SAMPLE}"${look}/>`;
}

function wedge(x: number, y: number): string {
  const [thin, thick] = [THINNEST / 2, THICKEST / 2];
  const outline = `M${tenth(x)} ${tenth(y - thin)}L${tenth(x + SAMPLE)} ${tenth(y - thick)}v${tenth(2 * thick)}L${tenth(x)} ${tenth(y + thin)}z`;
  return `<path class="tip" d="${outline}"/>`;
}

function fading(x: number, y: number): string {
  const third = SAMPLE / 3;
  return [0.25, 0.6, 1]
    .map((opacity, index) => {
      const from = tenth(x + index * third);
      return `<path class="positive" stroke-width="2.6" stroke-opacity="${opacity}" d="M${from} ${tenth(y)}h${third}"/>`;
    })
    .join("");
}

function attention(x: number, y: number): string {
  const line = `<path class="joint" d="M${tenth(x)} ${tenth(y)}h${SAMPLE - 5}"/>`;
  const dot = `<circle class="tip" cx="${tenth(x + 8)}" cy="${tenth(y)}" r="2.6"/>`;
  return `${line}${dot}<path class="tip" d="M${tenth(x + SAMPLE)} ${tenth(y)}l-6 -3.2v6.4z"/>`;
}

function swatch(colour: string): Entry["draw"] {
  return (x, y) =>
    `<g class="key ${colour}"><rect x="${tenth(x + 6)}" y="${tenth(y - 6)}" width="24" height="12" rx="4"/></g>`;
}
