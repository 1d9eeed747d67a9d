/** What the bytes of a run follow from, by key path: `optimiser.rate` → 0.003. */
export type Settings = Readonly<Record<string, string | number | boolean | null>>;

/** The members of nested objects by key path. Lists count as one value. */
export function flatten(value: unknown, path = ""): Settings {
  if (Array.isArray(value)) return { [path]: JSON.stringify(value) };
  if (typeof value !== "object" || value === null) return { [path]: (value as Settings[string] | undefined) ?? null };
  const parts = Object.entries(value).map(([key, member]) => flatten(member, path === "" ? key : `${path}.${key}`));
  return Object.assign({}, ...parts) as Settings;
}

/** Where two runs differ, a line for each setting: `optimiser.rate was 0.003, is 0.01`. */
export function differences(was: Settings, is: Settings): string[] {
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  // A sha256 is told apart by its beginning.
  const say = (value: Settings[string] | undefined) =>
    value === undefined ? "not set" : String(value).replace(/([0-9a-f]{12})[0-9a-f]{52}/u, "$1…");
  return keys.filter((key) => was[key] !== is[key]).map((key) => `${key} was ${say(was[key])}, is ${say(is[key])}`);
}
