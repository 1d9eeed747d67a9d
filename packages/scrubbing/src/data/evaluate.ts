import type { Model } from "@filigree/core";
import { evaluateExpression, type Expression } from "@filigree/hypothesis";
import type { FeatureValue } from "@filigree/tasks";
import type { DatasetExample } from "./dataset.ts";
import { tokenTexts } from "./extend-task.ts";

/** The value of an expression in an example; undefined where it has none, as where it lacks a position. */
export type Evaluate = (expression: Expression, example: DatasetExample) => FeatureValue | undefined;

/** Evaluates expressions on a model's prompts. */
export function evaluator(model: Model): Evaluate {
  const text = tokenTexts(model);
  return (expression, { ids, features, positions }) =>
    evaluateExpression(expression, { tokens: ids.map(text), features, positions });
}
