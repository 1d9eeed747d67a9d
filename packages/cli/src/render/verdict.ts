import type { CheckedText, ClaimDetails, ClaimVerdict, Control, Interval, VerdictDocument } from "@filigree/scrubbing";
import { exampleLines, reasonOf } from "@filigree/scrubbing/report";
import { count, counted, figure, loss, percent } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { cut, padEnd, widthOf, wrap } from "./text.ts";

const VERDICT_WIDTH = "inconclusive".length;
const MARGIN = "  ";
/** Where a claim's text begins: margin, mark, blank, verdict, two blanks. */
const INDENT = " ".repeat(MARGIN.length + 2 + VERDICT_WIDTH + 2);
const SIGNS = { "<=": "≤", ">=": "≥" } as const;

interface Look {
  readonly paint: Paint;
  readonly columns: number;
}

/**
 * The verdicts on one file for a person: a header, a block a claim with the figures that decide, its controls and why it
 * fails, and how many are as expected.
 *
 * @param modelName the checkpoint directory, as it was named
 */
export function renderVerdict(
  { verdict, details }: Pick<CheckedText, "verdict" | "details">,
  modelName: string,
  look: Look,
): string {
  const { claims, met, file } = verdict;
  const { paint } = look;
  const asExpected = claims.filter((claim) => claim.met).length;
  const footer = `${asExpected} of ${counted(claims.length, "claim")} as expected`;
  const blocks = claims.flatMap((claim, i) => renderClaim(claim, details[i]!, file, look));
  return [
    renderHeader(verdict, modelName, look),
    "",
    ...blocks,
    ...(blocks.at(-1) === "" ? [] : [""]),
    paint.bold((met ? paint.green : paint.red)(footer)),
  ].join("\n");
}

function renderHeader(
  { title, file, task, hashes, model, seed }: VerdictDocument,
  modelName: string,
  { paint, columns }: Look,
): string {
  const facts = [
    file,
    `model ${modelName} (${hashes.model.slice(0, 12)}, accuracy ${percent(model.accuracy)}, loss ${loss(model.loss)})`,
    `task ${task}`,
    `${count(model.examples)} examples`,
    `seed ${seed}`,
  ];
  // A file without a title goes by its name, which the next line gives anyway.
  const heading = title === file ? [] : wrap(title, columns).map(paint.bold);
  return [...heading, ...flow(facts, " · ", columns).map(paint.dim)].join("\n");
}

function renderClaim(claim: ClaimVerdict, details: ClaimDetails, file: string, { paint, columns }: Look): string[] {
  const { verdict, expected, met, why, line } = claim;
  const room = columns - INDENT.length;
  const expectation = expected === "supported" ? "" : ` expect ${expected}`;
  const [first = "", ...more] = wrap(claim.text + expectation, room);
  const mark = met ? paint.green("✓") : paint.red("✗");
  const below = [
    ...more,
    ...flow(deciding(claim, paint), "   ", room),
    ...flow(controlTexts(claim.controls), " · ", room).map(paint.dim),
  ];
  if (!met) below.push(...wrap(`expected ${expected}, at ${file}:${line}`, room).map(paint.red));
  // A proof has no figures: its words are all there is.
  if (!met || verdict !== "supported" || claim.proven) {
    below.push(...wrapped(why, room), ...reasonLines(claim, details, room, paint));
  }
  const head = `${MARGIN}${mark} ${padEnd(paintVerdict(claim, paint), VERDICT_WIDTH)}  ${first}`.trimEnd();
  return [head, ...below.map((text) => (text === "" ? "" : INDENT + text))];
}

function paintVerdict({ verdict, met }: ClaimVerdict, paint: Paint): string {
  if (verdict === "supported") return paint.green(verdict);
  return met ? verdict : paint.yellow(verdict);
}

/** The figures that decide, each with its interval and its bound; those that fail stand out. */
function deciding({ figures, bounds }: ClaimVerdict, paint: Paint): string[] {
  return bounds.flatMap(({ figure: name, relation, threshold, side, byEstimate }) => {
    const found = figures[name];
    if (!found) return [];
    // Of what is measured on a subset, the estimate alone must keep the bound: the reader must not look for the interval.
    const bound = `${byEstimate ? "estimate " : ""}${SIGNS[relation]} ${Number(threshold.toFixed(4))}`;
    const text = `${name} ${intervalText(found)}`;
    if (side === "passes") return [paint.dim(`${text} ${bound}`)];
    return [paint.yellow(side === "fails" ? `${text} not ${bound}` : `${text} ${bound}?`)];
  });
}

/** Controls without a verdict of their own that come to nothing, such as heads that move nothing, are only counted. */
function controlTexts(controls: readonly Control[]): string[] {
  const shown = controls.filter(
    ({ figures, verdict }) =>
      verdict !== undefined || Object.values(figures).some(({ estimate }) => !(Math.abs(estimate) < 0.01)),
  );
  const more = controls.length - shown.length;
  return [...shown.map(controlText), ...(more > 0 ? [`${counted(more, "control")} at 0`] : [])];
}

/** What follows a colon in a name is for those who ask: the JSON document and the page have it. */
function controlText({ name, figures, verdict }: Control): string {
  const found = Object.entries(figures).map(([figureName, interval]) => `${figureName} ${intervalText(interval)}`);
  return `${name.replace(/: .*$/su, "")}: ${[...(verdict === undefined ? [] : [verdict]), ...found].join(", ")}`;
}

function intervalText({ estimate, low, high }: Interval): string {
  return `${figure(estimate)} [${figure(low)}, ${figure(high)}]`;
}

/** What the swaps that speak against the claim did, and the clearest of them. */
function reasonLines(claim: ClaimVerdict, details: ClaimDetails, room: number, paint: Paint): string[] {
  const reason = reasonOf(claim, details);
  if (!reason) return [];
  const example = exampleLines(reason, room).map((line) => paint.dim(cut(line, room)));
  return [...wrapped(reason.sentence, room), ...example, ""];
}

/** A sentence on lines of at most `width`, where a number stays with its percent sign. */
function wrapped(sentence: string, width: number): string[] {
  return wrap(sentence.replace(/(\d) %/gu, "$1\u2060%"), width).map((line) => line.replace(/\u2060/gu, " "));
}

/** Pieces on as few lines as hold them; no piece is broken unless it is longer than a line. */
function flow(pieces: readonly string[], between: string, width: number): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last + between + piece) <= width)
      lines[lines.length - 1] = last + between + piece;
    else if (widthOf(piece) <= width) lines.push(piece);
    else lines.push(...wrap(piece, width));
  }
  return lines;
}
