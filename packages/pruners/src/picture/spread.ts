/** Something wide that would like to be centred at a place. */
export interface Wish {
  readonly at: number;
  readonly width: number;
}

/**
 * Centres in the order given, `gap` apart at least, as near to the wishes as can be: the least sum of squared
 * distances (isotonic regression, by pooling adjacent violators).
 */
export function spread(wishes: readonly Wish[], gap: number): number[] {
  const offsets: number[] = [];
  wishes.forEach(({ width }, index) => {
    const before = index === 0 ? 0 : offsets[index - 1]! + wishes[index - 1]!.width / 2 + gap + width / 2;
    offsets.push(before);
  });
  const pools: { sum: number; count: number }[] = [];
  wishes.forEach(({ at }, index) => {
    pools.push({ sum: at - offsets[index]!, count: 1 });
    while (pools.length > 1 && mean(pools.at(-2)!) > mean(pools.at(-1)!)) {
      const { sum, count } = pools.pop()!;
      const last = pools.at(-1)!;
      last.sum += sum;
      last.count += count;
    }
  });
  const places = pools.flatMap((pool) => Array.from({ length: pool.count }, () => mean(pool)));
  return places.map((place, index) => place + offsets[index]!);
}

function mean({ sum, count }: { sum: number; count: number }): number {
  return sum / count;
}
