/** How much of the work must be done in this process before the time left is told. */
const ENOUGH = 0.02;

/** Seconds that work will still take, from the share of it that is done; undefined at the beginning. */
export function timeLeft(now: () => number = () => performance.now()): (share: number) => number | undefined {
  let begun: { readonly at: number; readonly share: number } | undefined;
  const started = now();
  return (share) => {
    begun ??= { at: started, share };
    const done = share - begun.share;
    return done < ENOUGH ? undefined : ((now() - begun.at) / 1_000) * ((1 - share) / done);
  };
}
