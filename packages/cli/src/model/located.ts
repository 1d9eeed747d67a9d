import { InputError } from "@filigree/sites";

/** Says which file is at fault where the error does not begin with one. */
export async function located<Result>(path: string, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof InputError ? error.within(path) : error;
  }
}
