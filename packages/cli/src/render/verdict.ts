import type { ClaimVerdict, VerdictDocument } from "@filigree/scrubbing";
import { count, counted, figure, loss, percent } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { padEnd, widthOf, wrap } from "./text.ts";

/** Figures that the table shows, in this order; the JSON document has all of them. */
const MAIN_FIGURES = ["transfer", "r", "control", "mass", "U"];
/** Shown where there is no transfer: how much the site matters, and how much of that depends on the feature. */
const WITHOUT_TRANSFER = ["V", "change"];

const VERDICT_WIDTH = "inconclusive".length;
const MARGIN = "  ";
/** Where a claim's text begins: margin, mark, blank, verdict, two blanks. */
const INDENT = " ".repeat(MARGIN.length + 2 + VERDICT_WIDTH + 2);

/**
 * The verdicts on one file for a person: a header, a row a claim, and how many are as expected.
 *
 * @param modelName the checkpoint directory, as it was named
 */
export function renderVerdict(
  document: VerdictDocument,
  modelName: string,
  look: { readonly paint: Paint; readonly columns: number },
): string {
  const { claims, met } = document;
  const { paint } = look;
  const asExpected = claims.filter((claim) => claim.met).length;
  const footer = `${asExpected} of ${counted(claims.length, "claim")} as expected`;
  return [
    renderHeader(document, modelName, look),
    "",
    ...claims.map((claim) => renderClaim(claim, document.file, look)),
    "",
    paint.bold((met ? paint.green : paint.red)(footer)),
  ].join("\n");
}

function renderHeader(
  { title, file, task, hashes, model, seed }: VerdictDocument,
  modelName: string,
  { paint, columns }: { paint: Paint; columns: number },
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

function renderClaim(claim: ClaimVerdict, file: string, { paint, columns }: { paint: Paint; columns: number }): string {
  const room = columns - INDENT.length;
  const expectation = claim.expected === "supported" ? "" : ` expect ${claim.expected}`;
  const [first = "", ...more] = wrap(claim.text + expectation, room);
  const mark = claim.met ? paint.green("✓") : paint.red("✗");
  const lines = [
    `${MARGIN}${mark} ${padEnd(paintVerdict(claim, paint), VERDICT_WIDTH)}  ${first}`.trimEnd(),
    ...more.map((line) => INDENT + line),
    ...flow(mainFigures(claim), "   ", room).map((line) => INDENT + paint.dim(line)),
  ];
  if (!claim.met) {
    const where = wrap(`expected ${claim.expected}, at ${file}:${claim.line}`, room);
    lines.push(...where.map((line) => INDENT + paint.red(line)));
  }
  if (!claim.met || claim.verdict !== "supported") lines.push(...wrap(claim.why, room).map((line) => INDENT + line));
  return lines.join("\n");
}

function paintVerdict({ verdict, met }: ClaimVerdict, paint: Paint): string {
  if (verdict === "supported") return paint.green(verdict);
  return met ? verdict : paint.yellow(verdict);
}

function mainFigures({ figures }: ClaimVerdict): string[] {
  const names = figures["transfer"] ? MAIN_FIGURES : [...MAIN_FIGURES, ...WITHOUT_TRANSFER];
  return names.flatMap((name) => {
    const found = figures[name];
    return found ? [`${name} ${figure(found.estimate)} [${figure(found.low)}, ${figure(found.high)}]`] : [];
  });
}

/** Pieces on as few lines as hold them; no piece is broken unless it is longer than a line. */
function flow(pieces: readonly string[], between: string, width: number): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last + between + piece) <= width)
      lines[lines.length - 1] = last + between + piece;
    else lines.push(...wrap(piece, width));
  }
  return lines;
}
