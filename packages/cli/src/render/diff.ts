import type { FigureChange, FileDiff, ListedClaim, VerdictDiff } from "@filigree/scrubbing";
import { counted, figure } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { padEnd, wrap } from "./text.ts";

const MARGIN = "  ";
/** `inconclusive → untestable  `. */
const CHANGE_WIDTH = 26;

interface Look {
  readonly paint: Paint;
  readonly columns: number;
}

/** What changed between two checks, for a person. */
export function renderDiff({ files }: VerdictDiff, look: Look): string {
  return files.map((file) => renderFile(file, look)).join("\n\n");
}

function renderFile(file: FileDiff, look: Look): string {
  const { paint } = look;
  const { before, after, verdicts, added, removed, figures, run } = file;
  const name = before === after || before === undefined ? after! : `${before} → ${after ?? "(gone)"}`;
  const lines = [paint.bold(name)];
  const part = (title: string, body: readonly string[]) => {
    if (body.length > 0) lines.push("", paint.dim(title), ...body);
  };
  part(
    "other verdicts",
    verdicts.flatMap((claim) =>
      row(paintChange(claim.before, claim.after, paint), withRival(claim.text, claim.rival), look),
    ),
  );
  part(
    "added",
    added.flatMap((claim) => listed("+", claim, look)),
  );
  part(
    "removed",
    removed.flatMap((claim) => listed("−", claim, look)),
  );
  part("figures whose intervals do not meet", figureRows(figures, look));
  part(
    "other conditions",
    run.map((one) => `${MARGIN}${one.name}: ${short(one.before)} → ${short(one.after)}`),
  );
  if (lines.length > 1) lines.push("");
  return [...lines, paint.bold(summary(file))].join("\n");
}

function summary({ verdicts, added, removed, unchanged }: FileDiff): string {
  const more = [
    ...(added.length > 0 ? [`${added.length} added`] : []),
    ...(removed.length > 0 ? [`${removed.length} removed`] : []),
  ];
  const changed = verdicts.length === 0 ? "no verdict changed" : `${counted(verdicts.length, "verdict")} changed`;
  return [changed, `${unchanged} the same`, ...more].join(", ");
}

function paintChange(before: string, after: string, paint: Paint): string {
  const colour = after === "supported" ? paint.green : before === "supported" ? paint.red : paint.yellow;
  return `${before} → ${colour(after)}`;
}

function listed(sign: string, { text, rival, verdict }: ListedClaim, look: Look): string[] {
  return row(`${sign} ${verdict}`, withRival(text, rival), look);
}

function withRival(text: string, rival: string | undefined): string {
  return rival === undefined ? text : `${text} (rival “${rival}”)`;
}

function row(head: string, text: string, { columns }: Look): string[] {
  const [first = "", ...more] = wrap(text, columns - CHANGE_WIDTH - MARGIN.length);
  const indent = " ".repeat(CHANGE_WIDTH + MARGIN.length);
  return [`${MARGIN}${padEnd(head, CHANGE_WIDTH)}${first}`, ...more.map((line) => indent + line)];
}

/** The claim once, and its figures below. */
function figureRows(changes: readonly FigureChange[], { paint, columns }: Look): string[] {
  const number = (value: number | null) => figure(value ?? NaN);
  return changes.flatMap(({ claim, text, figure: name, before, after }, i) => {
    const interval = (one: FigureChange["before"]) =>
      one ? `${number(one.estimate)} [${number(one.low)}, ${number(one.high)}]` : "not measured";
    const line = `${MARGIN}${MARGIN}${name} ${interval(before)} → ${interval(after)}`;
    const head = changes[i - 1]?.claim === claim ? [] : wrap(text, columns - MARGIN.length).map((one) => MARGIN + one);
    return [...head, paint.yellow(line)];
  });
}

/** Hashes by their beginning. */
function short(value: string | undefined): string {
  if (value === undefined) return "none";
  return /^[0-9a-f]{64}$/u.test(value) ? value.slice(0, 12) : value;
}
