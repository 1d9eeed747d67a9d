/** `1,024`. */
export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/gu, ",");
}

/** `7 claims`, `1 claim`. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A figure of a claim, to two decimals: `0.97`. Never `-0.00`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "∞" : value < 0 ? "-∞" : "–";
  return value.toFixed(2).replace(/^-(0\.00)$/u, "$1");
}

/** A loss in nats, to three decimals: `0.064`. */
export function loss(value: number): string {
  return Number.isFinite(value) ? value.toFixed(3) : "–";
}

/** A share as a percentage with a decimal: `99.4 %`. Only a whole share is `100.0 %`, only none is `0.0 %`. */
export function percent(share: number): string {
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  if (share < 1 && share > 0.9995) return "> 99.9 %";
  return `${(100 * share).toFixed(1)} %`;
}

/** `9.8 kB`: powers of a thousand. */
export function bytes(size: number): string {
  if (size < 1_000) return `${size} B`;
  const [divisor, unit] = size < 1e6 ? [1e3, "kB"] : size < 1e9 ? [1e6, "MB"] : [1e9, "GB"];
  return `${(size / divisor).toFixed(1)} ${unit}`;
}

/** `4 s`, `3 min 20 s`, `1 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
