interface Colours {
  readonly paper: string;
  readonly ink: string;
  readonly muted: string;
  readonly band: string;
  readonly box: string;
  readonly line: string;
  readonly positive: string;
  readonly negative: string;
  readonly stream: string;
  readonly read: string;
  readonly attention: string;
  readonly neuron: string;
  readonly write: string;
}

/** Blue and orange stay apart for every kind of colour vision; a negative weight is dashed as well. */
const LIGHT: Colours = {
  paper: "#ffffff",
  ink: "#1c2128",
  muted: "#667080",
  band: "#f5f6f8",
  box: "#ffffff",
  line: "#aab2bd",
  positive: "#1f6fb4",
  negative: "#c4500c",
  stream: "#7b8694",
  read: "#ffffff",
  attention: "#e9effa",
  neuron: "#fbf0d9",
  write: "#e3f2e8",
};

const DARK: Colours = {
  paper: "#13161b",
  ink: "#e7eaee",
  muted: "#97a1ae",
  band: "#1b2027",
  box: "#13161b",
  line: "#56606d",
  positive: "#62aef0",
  negative: "#f08a45",
  stream: "#8b96a4",
  read: "#13161b",
  attention: "#223150",
  neuron: "#42351a",
  write: "#1d3a2a",
};

/** Where the pointer or the keyboard is on a node, what it is not joined to steps back. Plain CSS: no script. */
const HIGHLIGHT = `
.circuit .node{cursor:default;outline:none}
.circuit .node:focus-visible>rect{stroke-width:2.5}
.circuit:has(.node:is(:hover,:focus)) :is(.edge,.stream){opacity:.06}
.circuit:has(.node:is(:hover,:focus)) .node{opacity:.35}`;

const SHAPES = `
.circuit text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.circuit .site{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.circuit .edge{fill:none;stroke-linecap:butt}
.circuit .stream{fill:none;stroke-width:1.6;stroke-dasharray:.1 4;stroke-linecap:round}
.circuit .stream.outer{stroke-width:1.2;stroke-dasharray:.1 6;stroke-opacity:.75}
.circuit .joint{fill:none;stroke-width:1.4}
.circuit .auto{font-style:italic}`;

/** The style sheet of a picture, without what {@link highlightOf} adds for each node. */
export function pictureStyle(): string {
  return `${SHAPES}${coloured(LIGHT)}
@media (prefers-color-scheme:dark){${coloured(DARK)}
}${HIGHLIGHT}`;
}

/** Keeps a node with its neighbours, edges and lane in full view while the pointer is on it. */
export function highlightOf(node: number): string {
  return `.circuit:has(#n${node}:is(:hover,:focus)) .n${node}{opacity:1}`;
}

/** The same two sets of colours, as custom properties, for a page around a picture. */
export function pageColours(): string {
  const properties = ({ paper, ink, muted, line, band }: Colours): string =>
    `:root{--paper:${paper};--ink:${ink};--muted:${muted};--line:${line};--band:${band}}`;
  return `${properties(LIGHT)}@media (prefers-color-scheme:dark){${properties(DARK)}}`;
}

/** Plain rules and no custom properties: programs that draw SVG outside of browsers do not know those. */
function coloured(colours: Colours): string {
  return `
.circuit .paper{fill:${colours.paper}}
.circuit text{fill:${colours.ink}}
.circuit text.muted{fill:${colours.muted}}
.circuit .band{fill:${colours.band}}
.circuit .bar,.circuit .head{fill:${colours.box};stroke:${colours.line}}
.circuit :is(.node,.key)>rect{fill:${colours.box};stroke:${colours.muted}}
.circuit .read>rect{fill:${colours.read}}
.circuit .attention>rect{fill:${colours.attention}}
.circuit .neuron>rect{fill:${colours.neuron}}
.circuit .write>rect{fill:${colours.write}}
.circuit .positive{stroke:${colours.positive}}
.circuit .negative{stroke:${colours.negative}}
.circuit .stream{stroke:${colours.stream}}
.circuit .joint{stroke:${colours.muted}}
.circuit .tip{fill:${colours.muted}}`;
}
