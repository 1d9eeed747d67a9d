import type { Example, Task } from "@filigree/tasks";

/**
 * The examples of the dev split by contrast pair. One whose partner is missing or in the other split stands alone.
 */
export function devPairs(task: Task): Example[][] {
  const pairs: Example[][] = [];
  task.examples.forEach((example, index) => {
    if (example.split !== "dev") return;
    const partner = example.pair === undefined ? undefined : task.examples[example.pair];
    const mutual = partner?.split === "dev" && partner.pair === index && example.pair !== index;
    if (!mutual) pairs.push([example]);
    else if (example.pair! > index) pairs.push([example, partner]);
  });
  return pairs;
}
