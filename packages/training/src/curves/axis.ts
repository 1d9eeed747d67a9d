/** How values lie along an axis. */
export interface Axis {
  /** Where a value lies, 0 at the axis's beginning and 1 at its end. */
  place(value: number): number;
  readonly ticks: readonly number[];
}

/** An even axis that covers some values, with about so many ticks at round numbers. */
export function evenAxis(values: readonly number[], options: { count: number; from?: number; to?: number }): Axis {
  const least = options.from ?? smallest(values);
  const most = Math.max(options.to ?? largest(values), least);
  const step = roundStep((most - least) / options.count);
  const low = options.from ?? Math.floor(least / step) * step;
  const high = options.to ?? Math.ceil(most / step - 1e-9) * step;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high * (1 + 1e-9); i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return { place: (value) => (high > low ? (value - low) / (high - low) : 0.5), ticks };
}

/** An axis on which equal factors lie equally far apart, with ticks at round numbers. */
export function factorAxis(values: readonly number[]): Axis {
  const positive = values.filter((value) => value > 0);
  const low = Math.log10(positive.length > 0 ? smallest(positive) : 1) - 0.02;
  const high = Math.max(Math.log10(positive.length > 0 ? largest(positive) : 1) + 0.02, low + 0.3);
  const ticksAt = (heads: readonly number[]): number[] => {
    const powers = Array.from({ length: Math.floor(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i);
    const all = powers.flatMap((power) => heads.map((head) => Number(`${head}e${power}`)));
    return all.filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high);
  };
  const choices = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 4, 6, 8]].map(ticksAt);
  const ticks = choices.find(({ length }) => length >= 3) ?? choices.at(-1)!;
  return { place: (value) => (Math.log10(value) - low) / (high - low), ticks };
}

/** The least of 1, 2, 2.5 and 5 times a power of ten that is not below a number. */
function roundStep(rough: number): number {
  if (!(rough > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * ([1, 2, 2.5, 5].find((head) => head * power >= rough * (1 - 1e-9)) ?? 10);
}

function smallest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
}

function largest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}
