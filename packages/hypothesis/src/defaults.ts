import type { CarriesThresholds, CopiesThresholds, Settings } from "./hypothesis.ts";

/** What holds where a file says nothing else. `attends` has no default: its `mass` is always stated. */
export const DEFAULTS = {
  settings: { examples: 512, donors: 4, alpha: 0.05, seed: 0, split: "test" } satisfies Settings as Settings,
  /** A site whose V under donors at random is below this does nothing: no claim about it can be supported. */
  inert: 0.01,
  carries: { r: 0.2, transfer: 0.1, change: 0.05 } satisfies CarriesThresholds,
  ignores: { V: 0.05 },
  copies: { transfer: 0.5, r: 0.2, control: 0.05 } satisfies CopiesThresholds,
  sufficient: { U: 0.1 },
  necessary: { V: 0.5 },
} as const;
