import { InputError } from "./input-error.ts";
import { didYouMean } from "./nearest-names.ts";

/**
 * One value of a parsed JSON document together with its path, read strictly: a wrong type, a
 * missing key or an unknown key is an InputError that names the place.
 */
export class JsonValue {
  readonly #value: unknown;
  readonly #file: string;
  readonly #path: string;

  constructor(value: unknown, file: string, path = "") {
    this.#value = value;
    this.#file = file;
    this.#path = path;
  }

  static parse(text: string, file: string): JsonValue {
    try {
      return new JsonValue(JSON.parse(text), file);
    } catch (cause) {
      throw new InputError({ what: `not JSON: ${(cause as Error).message}`, where: file, cause });
    }
  }

  fail(what: string, expected?: string, hint?: string): never {
    const where = this.#path === "" ? this.#file : `${this.#file}: ${this.#path}`;
    throw new InputError({ what, where, expected, hint });
  }

  /** The members of an object whose keys are known. A key that ends in `?` may be missing. */
  object<Key extends string>(
    keys: readonly Key[],
  ): Record<RequiredKey<Key>, JsonValue> & Partial<Record<OptionalKey<Key>, JsonValue>> {
    const members = new Map(this.entries());
    const names = keys.map((key) => key.replace("?", ""));
    for (const key of members.keys()) {
      if (!names.includes(key)) this.fail(`unknown key "${key}"`, `keys: ${names.join(", ")}`, didYouMean(key, names));
    }
    for (const key of keys) {
      if (!key.endsWith("?") && !members.has(key)) this.fail(`the key "${key}" is missing`);
    }
    return Object.fromEntries(members) as ReturnType<typeof this.object<Key>>;
  }

  /** The members of an object with any keys. */
  entries(): [string, JsonValue][] {
    const value = this.#value;
    if (typeof value !== "object" || value === null || Array.isArray(value))
      this.fail(`${kindOf(value)} found`, "an object");
    return Object.entries(value).map(([key, member]) => [
      key,
      this.#child(member, this.#path === "" ? key : `${this.#path}.${key}`),
    ]);
  }

  array(): JsonValue[] {
    if (!Array.isArray(this.#value)) return this.fail(`${kindOf(this.#value)} found`, "an array");
    return this.#value.map((element, index) => this.#child(element, `${this.#path}[${index}]`));
  }

  isArray(): boolean {
    return Array.isArray(this.#value);
  }

  text(): string {
    return typeof this.#value === "string" ? this.#value : this.fail(`${kindOf(this.#value)} found`, "a text");
  }

  oneOf<Choice extends string>(...choices: readonly Choice[]): Choice {
    const text = this.text();
    const choice = choices.find((candidate) => candidate === text);
    return choice ?? this.fail(`"${text}" found`, choices.map((c) => `"${c}"`).join(" or "), didYouMean(text, choices));
  }

  number(): number {
    const value = this.#value;
    return typeof value === "number" && Number.isFinite(value)
      ? value
      : this.fail(`${kindOf(value)} found`, "a finite number");
  }

  /** A whole number from 0. */
  index(): number {
    const value = this.number();
    return Number.isSafeInteger(value) && value >= 0 ? value : this.fail(`${value} found`, "a whole number from 0");
  }

  /** The value itself, unchecked. */
  any(): unknown {
    return this.#value;
  }

  #child(value: unknown, path: string): JsonValue {
    return new JsonValue(value, this.#file, path);
  }
}

type OptionalKey<Key extends string> = Key extends `${infer Name}?` ? Name : never;
type RequiredKey<Key extends string> = Key extends `${string}?` ? never : Key;

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? `the text "${value}"` : `the ${typeof value} ${String(value)}`;
}
