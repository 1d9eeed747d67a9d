import type { OptionsSchema } from "@filigree/core";
import type { PluginSummary } from "../render/plugins.ts";

interface ListedPlugin {
  readonly name: string;
  readonly version: string;
  readonly about: string;
  readonly options: OptionsSchema<unknown>;
}

/** What `--list` shows of plugins. */
export async function pluginSummaries(plugins: readonly ListedPlugin[]): Promise<PluginSummary[]> {
  const { describedOptions } = await import("@filigree/core");
  return plugins.map(({ name, version, about, options }) => ({
    name,
    version,
    about,
    options: Object.entries(describedOptions(options)).map(([option, { about, expected, default: otherwise }]) => ({
      name: option,
      about,
      expected,
      ...(otherwise === undefined ? {} : { default: otherwise }),
    })),
  }));
}
