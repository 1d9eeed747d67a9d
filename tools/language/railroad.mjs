/**
 * Railroad diagrams as self-contained SVG. A diagram part is `{ width, up, down, draw(x, y) }`: it is entered at the
 * left and left at the right on the line `y`, and reaches `up` above and `down` below it; `draw` gives SVG text.
 */

/** Half the height of a box, the radius of the tracks' curves, and the gap between things. */
const HALF = 11;
const R = 8;
const GAP = 8;
/** Of one character in the diagrams' typeface. */
const CHARACTER = 7.3;

const escaped = (text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
const line = (x, y, width) => (width > 0 ? `<path d="M${x} ${y}h${width}"/>` : "");

/** A word or sign of the language: rounded. The name of a rule: square. */
export function box(text, { rule = false } = {}) {
  const width = Math.round(text.length * CHARACTER) + 20;
  const draw = (x, y) =>
    `<rect x="${x}" y="${y - HALF}" width="${width}" height="${2 * HALF}" rx="${rule ? 0 : HALF}"` +
    `${rule ? ' class="rule"' : ""}/><text x="${x + width / 2}" y="${y + 4}">${escaped(text)}</text>`;
  return { width, up: HALF, down: HALF, draw };
}

export function empty() {
  return { width: 0, up: 0, down: 0, draw: () => "" };
}

export function sequence(parts) {
  if (parts.length === 0) return empty();
  const width = parts.reduce((sum, part) => sum + part.width, 0) + GAP * (parts.length - 1);
  const draw = (x, y) =>
    parts
      .map((part, index) => {
        const text = part.draw(x, y) + (index < parts.length - 1 ? line(x + part.width, y, GAP) : "");
        x += part.width + GAP;
        return text;
      })
      .join("");
  return { width, up: most(parts, "up"), down: most(parts, "down"), draw };
}

/** One of several ways; the first runs straight on. */
export function choice(options) {
  const inner = most(options, "width");
  const width = inner + 4 * R;
  const tops = [0];
  for (let i = 1; i < options.length; i++) {
    tops.push(tops[i - 1] + Math.max(2 * R, options[i - 1].down + GAP + options[i].up));
  }
  const down = tops.at(-1) + options.at(-1).down;
  const draw = (x, y) =>
    options
      .map((option, index) => {
        const at = y + tops[index];
        const start = x + 2 * R;
        const track =
          index === 0
            ? line(x, y, 2 * R) + line(start + inner, y, 2 * R)
            : `<path d="M${x} ${y}${fork(tops[index])}"/><path d="M${start + inner} ${at}${join(tops[index])}"/>`;
        return track + option.draw(start, at) + line(start + option.width, at, inner - option.width);
      })
      .join("");
  return { width, up: options[0].up, down, draw };
}

/** The part, or nothing. */
export function optional(part) {
  const over = choice([empty(), part]);
  return over;
}

/** The part once or more; what stands on the way back comes between. */
export function loop(part, between = empty()) {
  const inner = Math.max(part.width, between.width);
  const width = inner + 4 * R;
  const drop = Math.max(2 * R, part.down + GAP + between.up);
  const draw = (x, y) => {
    const start = x + 2 * R;
    const at = y + drop;
    return (
      line(x, y, 2 * R) +
      part.draw(start, y) +
      line(start + part.width, y, inner - part.width + 2 * R) +
      `<path d="M${start + inner} ${y}a${R} ${R} 0 0 1 ${R} ${R}v${drop - 2 * R}a${R} ${R} 0 0 1 ${-R} ${R}"/>` +
      between.draw(start + (inner - between.width), at) +
      line(start, at, inner - between.width) +
      `<path d="M${start} ${at}a${R} ${R} 0 0 1 ${-R} ${-R}v${2 * R - drop}a${R} ${R} 0 0 1 ${R} ${-R}"/>`
    );
  };
  return { width, up: part.up, down: drop + between.down, draw };
}

/** A whole drawing. */
export function railroad(part, title) {
  const margin = 12;
  const width = Math.ceil(part.width + 2 * margin + 4 * R);
  const height = Math.ceil(part.up + part.down + 2 * margin);
  const y = margin + part.up;
  const start = margin + 2 * R;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">` +
    `<title>${escaped(title)}</title>` +
    "<style>svg{background:#fff}path{fill:none;stroke:#444;stroke-width:1.5}" +
    "rect{fill:#e8f0e4;stroke:#444}rect.rule{fill:#eef}" +
    "text{font:12px monospace;text-anchor:middle;fill:#111}</style>" +
    `<path d="M${margin} ${y - 6}v12M${margin} ${y}h${2 * R}"/>${part.draw(start, y)}` +
    `<path d="M${start + part.width} ${y}h${2 * R}m0 -6v12"/></svg>\n`
  );
}

function fork(drop) {
  return `a${R} ${R} 0 0 1 ${R} ${R}v${drop - 2 * R}a${R} ${R} 0 0 0 ${R} ${R}`;
}

function join(drop) {
  return `a${R} ${R} 0 0 0 ${R} ${-R}v${2 * R - drop}a${R} ${R} 0 0 1 ${R} ${-R}`;
}

function most(parts, key) {
  return Math.max(...parts.map((part) => part[key]));
}
