import type { ClaimPlan, PlanDocument, RulePlan, WritePlan } from "@filigree/scrubbing";
import { count, counted } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { wrap } from "./text.ts";

interface Look {
  readonly paint: Paint;
  readonly columns: number;
}

const MARGIN = "  ";
const INDENT = "    ";

/** What a file would be checked with, for a person: a block a claim, a few lines a rule. */
export function renderPlan(plan: PlanDocument, look: Look): string {
  const { title, file, task, examples, forwardPasses, claims } = plan;
  const { paint } = look;
  return [
    ...(title === file ? [] : [paint.bold(title)]),
    paint.dim(`${file} · task ${task} · ${counted(examples, "example")}`),
    "",
    ...claims.flatMap((claim) => [...renderClaim(claim, look), ""]),
    paint.bold(
      `${claims.some(({ searches }) => searches) ? "at least " : ""}${passes(forwardPasses)} in all, ` +
        "swaps that claims share counted once",
    ),
  ].join("\n");
}

function renderClaim(claim: ClaimPlan, look: Look): string[] {
  const { text, settled, rules, furtherPasses, forwardPasses, searches } = claim;
  const { paint, columns } = look;
  const [first = "", ...more] = wrap(text, columns - MARGIN.length);
  const lines = [paint.bold(first), ...more].map((line) => MARGIN + line);
  if (settled !== undefined) lines.push(...indented(settled, columns));
  for (const rule of rules) lines.push(...indented(ruleText(rule), columns), ...writeTexts(rule, look));
  if (furtherPasses > 0)
    lines.push(...indented(`random circuits, ablations, runs of donors: ${passes(furtherPasses)}`, columns));
  const together = searches
    ? `together at least ${passes(forwardPasses)}: the search for the worst removal goes on where it finds one`
    : `together ${passes(forwardPasses)}`;
  if (rules.length > 0) lines.push(...indented(together, columns));
  return lines;
}

function ruleText({ rule, swaps, references, donors, donorsEach, identical, different, fresh }: RulePlan): string {
  const [least, most] = donorsEach;
  const each = least === most ? count(least) : `${count(least)} to ${count(most)}`;
  const parts = [
    `${counted(swaps, "swap")} of ${counted(references, "reference")}, ${each} each from ${counted(donors, "donor")}`,
    ...(identical > 0 ? [`${count(identical)} write what is there`] : []),
    ...(swaps - identical > different ? [`${count(swaps - identical - different)} repeat another`] : []),
    ...(different > fresh ? [`${count(different - fresh)} were run under a rule above`] : []),
    passes(fresh),
  ];
  return `${rule}: ${parts.join("; ")}`;
}

function writeTexts({ writes }: RulePlan, { paint, columns }: Look): string[] {
  return writes.flatMap((write) => indented(`${MARGIN}writes ${writeText(write)}`, columns).map(paint.dim));
}

function writeText({ site, channels, tokens, receiver }: WritePlan): string {
  const range = ([least, most]: readonly [number, number], noun: string) =>
    least === most ? counted(least, noun) : `${count(least)} to ${count(most)} ${noun}s`;
  const what = channels === "all" ? "all channels" : range(channels, "channel");
  return `${site}, ${what}, at ${range(tokens, "token")}${receiver === undefined ? "" : `, for single rows of ${receiver}`}`;
}

function indented(text: string, columns: number): string[] {
  const blanks = INDENT + /^ */u.exec(text)![0];
  return wrap(text, columns - blanks.length).map((line) => blanks + line);
}

function passes(number: number): string {
  return number === 1 ? "1 forward pass" : `${count(number)} forward passes`;
}
