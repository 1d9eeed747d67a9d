import { testPruner } from "@filigree/pruner-testkit";
import pruner from "../src/index.ts";

// What every pruner should pass, on tiny models that hold a known circuit. `auc` says how well the scores tell the
// circuit from its decoys, `excess` how many times as many nodes as were planted the pruner may keep: raise the one and
// lower the other as the pruner gets better.
testPruner(pruner, { refuses: [{ pairs: 1 }], auc: 0.75, excess: 8 });
