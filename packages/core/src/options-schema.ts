import { didYouMean, InputError } from "@filigree/sites";

/**
 * What the options of a plugin must look like: an object of the Standard Schema interface (standardschema.dev),
 * version 1. Zod, Valibot and ArkType make such objects; {@link defineOptions} makes them without a library.
 */
export interface OptionsSchema<Options> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): SchemaResult<Options> | Promise<SchemaResult<Options>>;
  };
}

/** The options that a schema describes. */
export type OptionsOf<Schema> = Schema extends OptionsSchema<infer Options> ? Options : never;

/** Either the options with defaults filled in, or what is wrong with them. */
export type SchemaResult<Options> =
  { readonly value: Options; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * The options that a person gave, checked by the schema.
 *
 * @param owner whose options they are, for the message
 * @throws InputError with every issue that the schema found
 */
export async function checkOptions<Options>(
  schema: OptionsSchema<Options>,
  given: unknown,
  owner: string,
): Promise<Options> {
  const result = await schema["~standard"].validate(given ?? {});
  if (!result.issues) return result.value;
  const problems = result.issues.map(({ message, path }) => {
    const keys = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
    return keys.length === 0 ? message : `${keys.join(".")}: ${message}`;
  });
  throw new InputError({ what: problems.join("; "), where: `options of ${owner}` });
}

/** One option: what it is for, which values it takes, and the value where none is given. */
export interface Option<Value> {
  readonly about: string;
  /** The values it takes, in words. */
  readonly expected: string;
  /** An option without a default must be given. */
  readonly default?: Value;
  allows(value: unknown): boolean;
}

/** A schema that also says what each option is for. */
export interface DescribedSchema<Options> extends OptionsSchema<Options> {
  readonly describes: { readonly [Key in keyof Options]: Option<Options[Key]> };
}

/**
 * A schema for a plugin's options. Unknown keys are refused, missing ones take their defaults.
 *
 * @param check says what is wrong with options that are each in order but do not go together
 */
export function defineOptions<Options extends object>(
  describes: { readonly [Key in keyof Options]: Option<Options[Key]> },
  check: (options: NoInfer<Options>) => SchemaIssue | undefined = () => undefined,
): DescribedSchema<Options> {
  const spec = Object.entries<Option<unknown>>(describes);
  const keys = spec.map(([key]) => key);
  const validate = (value: unknown): SchemaResult<Options> => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return { issues: [{ message: `an object with some of ${keys.join(", ")} is expected` }] };
    }
    const given = value as Readonly<Record<string, unknown>>;
    const issues: SchemaIssue[] = Object.keys(given)
      .filter((key) => !Object.hasOwn(describes, key))
      .map((key) => ({
        message: ["there is no such option", didYouMean(key, keys) ?? `there are ${keys.join(", ")}`].join(": "),
        path: [key],
      }));
    for (const [key, option] of spec) {
      if (given[key] === undefined && "default" in option) continue;
      if (option.allows(given[key])) continue;
      const found = given[key] === undefined ? "nothing given" : `${JSON.stringify(given[key])} found`;
      issues.push({ message: `${found}, ${option.expected} expected`, path: [key] });
    }
    if (issues.length > 0) return { issues };
    const filled = spec.map(([key, option]) => [key, given[key] === undefined ? option.default : given[key]]);
    const options = Object.fromEntries(filled) as Options;
    const issue = check(options);
    return issue ? { issues: [issue] } : { value: options };
  };
  return { "~standard": { version: 1, vendor: "filigree", validate }, describes };
}

/** What each option is for, by name, where the schema says it. */
export function describedOptions(schema: OptionsSchema<unknown>): Readonly<Record<string, Option<unknown>>> {
  return "describes" in schema ? (schema as DescribedSchema<Record<string, unknown>>).describes : {};
}

/** What an option that is a number may be. `above` is a bound that the number itself may not reach. */
export interface NumberRange {
  readonly least?: number;
  readonly above?: number;
  readonly most?: number;
  readonly whole?: boolean;
}

/** A number. With the default `null`, it follows from other options where it is not given. */
export function numberOption<Default extends number | null = number>(
  option: NumberRange & { readonly about: string; readonly default?: Default },
): Option<number | Default> {
  const { about, least, above, most = Infinity, whole = false } = option;
  const from = above === undefined ? `from ${least ?? 0}` : `above ${above}`;
  return {
    about,
    expected: `a ${whole ? "whole " : ""}number ${from}${most === Infinity ? "" : ` to ${most}`}`,
    ...(option.default !== undefined && { default: option.default }),
    allows: (value) =>
      (value === null && option.default === null) ||
      (typeof value === "number" &&
        (above === undefined ? value >= (least ?? 0) : value > above) &&
        value <= most &&
        (!whole || Number.isInteger(value))),
  };
}

/** One of some words. */
export function choiceOption<const Choice extends string>(
  choices: readonly Choice[],
  option: { readonly about: string; readonly default?: NoInfer<Choice> },
): Option<Choice> {
  return {
    ...option,
    expected: choices.map((choice) => JSON.stringify(choice)).join(" or "),
    allows: (value) => choices.includes(value as Choice),
  };
}
