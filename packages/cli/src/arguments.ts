import { availableParallelism } from "node:os";
import { InvalidArgumentError, Option } from "commander";

/** A whole number from `least`, for an option. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/u.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least}.`);
  };
}

/** A number above 0, for an option. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError("It must be a number above 0.");
}

/** What `--set` gives for options of a plugin: numbers, words, or yes and no. */
export type Settings = Readonly<Record<string, number | string | boolean>>;

/** `name=value`, collected over repeated options. */
export function settings(text: string, before: Settings): Settings {
  const [, name, value] = /^(\w+)=(.+)$/u.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError("It must be a name and a value, such as nodeCost=0.003.");
  }
  const number = Number(value);
  return { ...before, [name]: value === "true" || (value !== "false" && (Number.isNaN(number) ? value : number)) };
}

/** `--seed`, where the default is not the file's. */
export function seedOption(description: string): Option {
  return new Option("--seed <n>", description).argParser(wholeNumber(0));
}

/** `--backend`. */
export function backendOption(): Option {
  return new Option("--backend <name>", "what to compute on: wasm is fast, cpu is for comparison")
    .choices(["wasm", "cpu"])
    .default("wasm");
}

/** `--json`. */
export function jsonOption(what: string): Option {
  return new Option("--json", `print ${what} as one JSON document`);
}

/** `--workers`. */
export function workersOption(what: string): Option {
  return new Option("--workers <n>", `spread ${what} over so many threads; each loads the model; results stay the same`)
    .argParser(wholeNumber(1))
    .default(availableParallelism(), "the number of cores");
}
