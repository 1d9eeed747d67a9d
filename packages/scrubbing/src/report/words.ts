import type { ShownAnswer } from "./details.ts";
import type { Interval } from "../statistics/bootstrap.ts";

/** `1,024`. An effective number of trials is rounded. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(?:\d{3})+$)/gu, ",");
}

/** `1 edge`, `2 edges`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A share in whole percent. Never 0 % of something, nor 100 % of less than all. */
export function percent(share: number): string {
  if (share > 0 && share < 0.005) return "< 1 %";
  if (share < 1 && share > 0.995) return "> 99 %";
  return `${Math.round(100 * share)} %`;
}

/** A figure to three decimals: `0.974`; never `-0`. */
export function figureText(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  return value.toFixed(3).replace(/^-(0\.000)$/u, "$1");
}

/** `[0.95, 0.99]`, to three decimals. */
export function rangeText({ low, high }: Interval): string {
  return `[${figureText(low)}, ${figureText(high)}]`;
}

/** `≤` and `≥`. */
export const SIGNS = { "<=": "≤", ">=": "≥" } as const;

/** `') 98 %`; of a number, the number. */
export function answerText({ text, probability }: ShownAnswer): string {
  return probability === undefined ? text : `${visible(text)} ${percent(probability)}`;
}

/** A token's text with line breaks and controls made visible. */
export function visible(text: string): string {
  return text
    .replace(/\n/gu, "↵")
    .replace(/\t/gu, "⇥")
    .replace(/\r/gu, "␍")
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}]/gu, "\ufffd");
}
