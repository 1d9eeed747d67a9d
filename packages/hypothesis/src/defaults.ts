import type { CarriesThresholds, CopiesThresholds, Settings } from "./hypothesis.ts";

/** What holds where a file says nothing else. `attends` has no default: its `mass` is always stated. */
export const DEFAULTS = {
  settings: { examples: 512, donors: 4, alpha: 0.05, seed: 0, split: "test" } satisfies Settings as Settings,
  /** A site whose V under donors at random is below this does nothing: no claim about it can be supported. */
  inert: 0.01,
  carries: { r: 0.2, transfer: 0.1, change: 0.05 } satisfies CarriesThresholds,
  contains: { transfer: 0.1, change: 0.05 },
  ignores: { V: 0.05 },
  computes: { r: 0.2, V: 0.01 },
  equals: { r: 0.2 },
  copies: { transfer: 0.5, r: 0.2, control: 0.05, rest: 0.1 } satisfies CopiesThresholds,
  sufficient: { U: 0.1 },
  affects: { V: 0.01 },
  "does not affect": { V: 0.01 },
  necessary: { V: 0.5 },
  complete: { gap: 0.1 },
} as const;
