import { readFileSync } from "node:fs";
import {
  denseValues,
  disposeModel,
  freezeParameters,
  parseConfig,
  parseParameterFile,
  saveModel,
} from "@filigree/core";
import { siteMeans } from "@filigree/training";
import { fixture } from "./folders.ts";

/** The prompts of the compiled quote program. */
export const TASK = fixture("close-quote/task.jsonl");

/** The compiled quote program, its logits ten times as large (so that it is sure of its answers), with the means of its sites. */
export async function saveSureModel(directory: string): Promise<void> {
  const config = parseConfig(readFileSync(fixture("close-quote/model/config.json"), "utf8"), "config.json");
  const bytes = readFileSync(fixture("close-quote/model/model.safetensors"));
  const { values } = await parseParameterFile(bytes, config, "model.safetensors");
  const sure = new Map(
    [...denseValues(values)].map(([name, data]) => [name, name === "lm_head.weight" ? data.map((w) => 10 * w) : data]),
  );
  const model = {
    config,
    parameters: freezeParameters(config, sure),
    means: new Map(),
    tokenizer: undefined,
    hash: "",
  };
  const prompts = readFileSync(TASK, "utf8").trim().split("\n").slice(1);
  const ids = prompts.flatMap((line): number[] => JSON.parse(line).ids);
  const means = siteMeans(model, [
    { ids: Int32Array.from(ids), batch: prompts.length, seq: ids.length / prompts.length },
  ]);
  disposeModel(model);
  await saveModel(directory, { config, values: sure, means });
}
