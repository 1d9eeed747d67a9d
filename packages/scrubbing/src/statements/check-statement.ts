import type { Statement } from "@filigree/hypothesis";
import { checkAffects, checkDoesNotAffect } from "./affects.ts";
import { checkAttends } from "./attends.ts";
import { checkCarries } from "./carries.ts";
import { checkNecessary, checkSufficient } from "./circuits.ts";
import { checkComplete } from "./complete.ts";
import { checkComputes } from "./computes.ts";
import { checkContains } from "./contains.ts";
import { checkCopies } from "./copies.ts";
import { checkEquals } from "./equals.ts";
import type { ClaimContext, Evidence } from "./evidence.ts";
import { checkIgnores } from "./ignores.ts";
import { checkMinimal } from "./minimal.ts";

/** Finds the evidence for and against a statement. */
export function checkStatement(context: ClaimContext, statement: Statement): Promise<Evidence> {
  switch (statement.kind) {
    case "carries":
      return checkCarries(context, statement);
    case "contains":
      return checkContains(context, statement);
    case "ignores":
      return checkIgnores(context, statement);
    case "computes":
      return checkComputes(context, statement);
    case "equals":
      return checkEquals(context, statement);
    case "copies":
      return checkCopies(context, statement);
    case "attends":
      return checkAttends(context, statement);
    case "affects":
      return checkAffects(context, statement);
    case "does not affect":
      return checkDoesNotAffect(context, statement);
    case "sufficient":
      return checkSufficient(context, statement);
    case "necessary":
      return checkNecessary(context, statement);
    case "complete":
      return checkComplete(context, statement);
    case "minimal":
      return checkMinimal(context, statement);
  }
}
