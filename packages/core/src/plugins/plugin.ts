import { InputError } from "@filigree/sites";
import type { OptionsSchema } from "../options-schema.ts";

/** What every plugin has, whatever it does. */
export interface Plugin {
  /** Lower case words joined by hyphens. */
  readonly name: string;
  readonly version: string;
  /** What it does, in a few words: for lists. */
  readonly about: string;
  /** The version of the contract that it was written for. */
  readonly apiVersion: number;
  readonly options: OptionsSchema<unknown>;
}

/** A kind of plugin, such as pruners. */
export interface PluginKind<P extends Plugin> {
  /** One of them, in a word: "pruner". Its packages are called `filigree-pruner-*`. */
  readonly word: string;
  readonly builtIn: readonly P[];
  /** A value from elsewhere, if it is such a plugin. @throws InputError where it is none */
  check(value: unknown, where: string): P;
  /** The error that blames a plugin. */
  fault(plugin: string, what: string, cause?: unknown): PluginError;
}

/** What messages call a plugin. */
export function pluginId({ name, version }: Plugin): string {
  return `${name}@${version}`;
}

/** A plugin broke its contract or threw: the fault of its author, not of the input. `cause` has the stack. */
export abstract class PluginError extends Error {
  /** `name@version`, or the name of its package. */
  readonly plugin: string;

  constructor(word: string, plugin: string, what: string, cause?: unknown) {
    super(`The ${word} ${plugin} ${what}`, { cause });
    this.plugin = plugin;
  }
}

/**
 * What to throw where a plugin's code threw: the plugin's error, unless the input is at fault or the run is to end.
 *
 * @param what what the plugin was doing, such as "failed in step"
 */
export function pluginFault<P extends Plugin>(
  kind: Pick<PluginKind<P>, "fault">,
  plugin: string,
  what: string,
  error: unknown,
): unknown {
  const known = error instanceof InputError || error instanceof PluginError;
  if (known || (error as Error | null)?.name === "AbortError") return error;
  return kind.fault(plugin, `${what}: ${error instanceof Error ? error.message : String(error)}`, error);
}

/** What a kind of plugin is checked for. */
export interface PluginShape {
  readonly word: string;
  /** The function that makes one. */
  readonly madeBy: string;
  readonly apiVersion: number;
}

/**
 * Checks what all plugins have in common.
 *
 * @param where for the message
 * @throws InputError for another version of the contract, or a part that is missing
 */
export function checkPlugin(value: unknown, where: string, { word, madeBy, apiVersion }: PluginShape): Plugin {
  const fail = (what: string, expected: string): never => {
    throw new InputError({ what, where, expected });
  };
  if (typeof value !== "object" || value === null) fail(`it is no ${word}`, `an object made by ${madeBy}`);
  const plugin = value as Plugin;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/u.test(String(plugin.name))) {
    fail("the name is not usable", "lower case words joined by hyphens");
  }
  if (plugin.apiVersion !== apiVersion) {
    fail(`it was written for version ${String(plugin.apiVersion)} of the contract`, `apiVersion: ${apiVersion}`);
  }
  if (typeof plugin.version !== "string" || plugin.version === "") fail("it has no version", `such as "1.0.0"`);
  if (typeof plugin.about !== "string") fail("it does not say what it does", "about: a few words");
  if (typeof plugin.options?.["~standard"]?.validate !== "function") {
    fail("its options are no Standard Schema", `an object with "~standard"`);
  }
  return plugin;
}
