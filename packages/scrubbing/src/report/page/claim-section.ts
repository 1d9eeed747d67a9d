import { escaped } from "@filigree/core";
import type { ClaimVerdict } from "../../document.ts";
import type { Control } from "../../statements/evidence.ts";
import type { Interval } from "../../statistics/bootstrap.ts";
import { DIVERGENCE_EDGES, type ClaimDetails, type RuleDetails } from "../details.ts";
import { reasonOf } from "../reason.ts";
import { figureText, grouped, rangeText, SIGNS } from "../words.ts";
import { badge, verdictClass } from "./badge.ts";
import { histogram } from "./histogram.ts";
import { swapMarkup } from "./swap-markup.ts";

/** A longer table of controls is folded up at first. */
const SHORT_TABLE = 10;

const SIDES = { passes: "keeps it", fails: "breaks it", straddles: "open" } as const;

/** All that is known of one claim. */
export function claimSection(claim: ClaimVerdict, details: ClaimDetails, anchor: string): string {
  const { name, text, line, expected, met, why, notes, worst, forwardPasses } = claim;
  const reason = reasonOf(claim, details);
  const named = /^claim \d+$/u.test(name) ? "" : `<span class="muted">${escaped(name)}: </span>`;
  const wanted = expected === "supported" && met ? "" : `, expected ${expected}`;
  return [
    `<section class="claim ${verdictClass(claim.verdict)}" id="${anchor}">`,
    `<h3>${badge(claim)}${named}<code>${escaped(text)}</code></h3>`,
    `<p class="muted">line ${line}${wanted}, ${grouped(forwardPasses)} forward passes</p>`,
    `<p>${escaped(why)}</p>`,
    ...(reason
      ? [`<p>${escaped(sentenceCase(reason.sentence))}.${reason.example ? EXTREMES[reason.extreme] : ""}</p>`]
      : []),
    ...(reason?.example ? [swapMarkup(reason.example)] : []),
    ...figureTable(claim),
    ...controlTable(claim.controls),
    ...histograms(details.rules),
    ...(worst.length > 0
      ? [
          `<details><summary>The worst of the swaps that should change nothing</summary>`,
          ...details.worst.map(swapMarkup),
          "</details>",
        ]
      : []),
    ...examples(details.rules),
    ...notes.map((note) => `<p class="muted">${escaped(note)}</p>`),
    "</section>",
  ].join("\n");
}

const EXTREMES = { most: " It changed most here:", least: " It changed least here:" } as const;

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function figureTable({ figures, bounds }: ClaimVerdict): string[] {
  const decides = new Set(bounds.map(({ figure }) => figure));
  const rows = [
    ...bounds.flatMap(({ figure, relation, threshold, side, byEstimate }) => {
      const found = figures[figure];
      return found
        ? [figureRow(figure, found, `${byEstimate ? "estimate " : ""}${SIGNS[relation]} ${threshold}`, SIDES[side])]
        : [];
    }),
    ...Object.entries(figures).flatMap(([name, found]) => (decides.has(name) ? [] : [figureRow(name, found, "", "")])),
  ];
  if (rows.length === 0) return [];
  const head = `<th>figure</th><th class="number">estimate</th><th class="number">interval</th><th class="number">n</th><th>wanted</th><th></th>`;
  return [`<table><thead><tr>${head}</tr></thead><tbody>`, ...rows, "</tbody></table>"];
}

function figureRow(name: string, interval: Interval, wanted: string, side: string): string {
  const numbers = [figureText(interval.estimate), rangeText(interval), grouped(interval.n)];
  const cells = numbers.map((text) => `<td class="number">${text}</td>`).join("");
  return `<tr><td>${escaped(name)}</td>${cells}<td>${wanted}</td><td>${side}</td></tr>`;
}

function controlTable(controls: readonly Control[]): string[] {
  if (controls.length === 0) return [];
  const rows = controls.flatMap(({ name, figures, verdict = "" }) => {
    const found = Object.entries(figures).map(([figure, interval]) => [
      `<td>${escaped(figure)}</td>`,
      `<td class="number">${figureText(interval.estimate)}</td><td class="number">${rangeText(interval)}</td>`,
    ]);
    const cells = found.length > 0 ? found : [["<td></td>", "<td></td><td></td>"]];
    return cells.map((own) => `<tr><td>${escaped(name)}</td>${own.join("")}<td>${escaped(verdict)}</td></tr>`);
  });
  const head = `<th>control</th><th>figure</th><th class="number">median or estimate</th><th class="number">range</th><th>verdict there</th>`;
  return [
    `<details${rows.length <= SHORT_TABLE ? ` open=""` : ""}><summary>Controls</summary>`,
    `<table><thead><tr>${head}</tr></thead><tbody>`,
    ...rows,
    "</tbody></table></details>",
  ];
}

/** A rule none of whose swaps did anything has no picture. */
function moves({ most }: RuleDetails): boolean {
  return most.some(({ divergence }) => divergence >= DIVERGENCE_EDGES[0]!);
}

function histograms(rules: readonly RuleDetails[]): string[] {
  if (rules.length === 0) return [];
  const still = rules.filter((rule) => !moves(rule)).map(({ rule, swaps }) => `${rule} (${grouped(swaps)} swaps)`);
  return [
    "<h4>Divergence of the answers, by rule</h4>",
    `<div class="rules">`,
    ...rules.filter(moves).map(histogram),
    "</div>",
    ...(still.length > 0 ? [`<p class="muted">changed nothing: ${escaped(still.join(", "))}</p>`] : []),
  ];
}

function examples(rules: readonly RuleDetails[]): string[] {
  return rules.filter(moves).flatMap(({ rule, most, least }) => {
    const [largest, smallest] = [most[0], least[0]];
    if (!largest || !smallest) return [];
    return [
      `<details><summary>Examples of ${escaped(rule)}</summary>`,
      `<p>The largest change:</p>`,
      swapMarkup(largest),
      `<p>The smallest change:</p>`,
      swapMarkup(smallest),
      "</details>",
    ];
  });
}
