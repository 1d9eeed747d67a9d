import { InputError, type Model, type NodeFile } from "@filigree/core";

/** In the place of the hash, where nobody has named the model of a circuit. */
export const UNKNOWN_MODEL = "0".repeat(64);

export function isUnknownModel(hash: string): boolean {
  return hash === UNKNOWN_MODEL;
}

/**
 * @param where the circuit's file, for the message
 * @throws InputError where the circuit names another model than this one.
 */
export function checkModelOfCircuit(file: NodeFile, model: Pick<Model, "hash">, where: string): void {
  if (isUnknownModel(file.model) || file.model === model.hash) return;
  const [expected, found] = [file.model, model.hash].map((hash) => hash.slice(0, 10));
  throw new InputError({
    what: "the circuit was made for another model",
    where,
    expected: `the model ${expected}…; this one is ${found}…`,
    hint: "give the folder of the model that it was pruned from",
  });
}
