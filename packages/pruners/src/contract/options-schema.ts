import { didYouMean, InputError } from "@filigree/core";

/**
 * What a pruner's options must look like: an object of the Standard Schema interface (standardschema.dev), version 1.
 * Zod, Valibot and ArkType make such objects; {@link numberOptions} makes small ones without a library.
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

/** The range and the default of one number among a pruner's options. */
export interface NumberOption {
  readonly default: number;
  readonly least: number;
  readonly most?: number;
  readonly whole?: boolean;
}

/** A schema for options that are all numbers. Unknown keys are refused, missing ones take their defaults. */
export function numberOptions<Key extends string>(
  spec: Readonly<Record<Key, NumberOption>>,
): OptionsSchema<Readonly<Record<Key, number>>> {
  const keys = Object.keys(spec) as Key[];
  const validate = (value: unknown): SchemaResult<Readonly<Record<Key, number>>> => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return { issues: [{ message: `an object with some of ${keys.join(", ")} is expected` }] };
    }
    const given = value as Partial<Record<Key, unknown>>;
    const unknown = Object.keys(given)
      .filter((key) => !Object.hasOwn(spec, key))
      .map((key) => ({
        message: ["there is no such option", didYouMean(key, keys) ?? `there are ${keys.join(", ")}`].join(": "),
        path: [key],
      }));
    const wrong = keys
      .filter((key) => given[key] !== undefined && !allows(spec[key], given[key]))
      .map((key) => ({ message: `${JSON.stringify(given[key])} found, ${range(spec[key])} expected`, path: [key] }));
    if (unknown.length + wrong.length > 0) return { issues: [...unknown, ...wrong] };
    const filled = keys.map((key) => [key, given[key] ?? spec[key].default]);
    return { value: Object.fromEntries(filled) as Record<Key, number> };
  };
  return { "~standard": { version: 1, vendor: "filigree", validate } };
}

function allows({ least, most = Infinity, whole = false }: NumberOption, value: unknown): boolean {
  return typeof value === "number" && value >= least && value <= most && (!whole || Number.isInteger(value));
}

function range({ least, most, whole }: NumberOption): string {
  return `a ${whole ? "whole " : ""}number from ${least}${most === undefined ? "" : ` to ${most}`}`;
}
