import { InputError, type InputProblem } from "@filigree/sites";

/** What a worker thread says. */
export type Message<Output, News> =
  { readonly news: News } | { readonly output: Output } | { readonly failure: PackedError };

/** An error as plain data: copied between threads, an error keeps neither its class nor its own properties. */
export type PackedError =
  | { readonly problem: InputProblem }
  | { readonly error: unknown; readonly properties: Readonly<Record<string, unknown>> };

/** The name by which errors of plugins are told, and properties by which the system says what it refused. */
const KEPT_PROPERTIES = ["name", "code", "path", "syscall"];

export function packError(error: unknown): PackedError {
  if (error instanceof InputError) {
    const { what, where, expected, hint } = error;
    return { problem: { what, where, expected, hint } };
  }
  const own = KEPT_PROPERTIES.map((name) => [name, (error as Record<string, unknown> | null)?.[name]] as const);
  return { error, properties: Object.fromEntries(own.filter(([, value]) => value !== undefined)) };
}

export function unpackError(packed: PackedError): unknown {
  if ("problem" in packed) return new InputError(packed.problem);
  return packed.error instanceof Error ? Object.assign(packed.error, packed.properties) : packed.error;
}
