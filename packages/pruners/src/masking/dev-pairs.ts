import type { Example, Split, Task } from "@filigree/tasks";

/** The examples of the dev split by contrast pair. */
export function devPairs(task: Task): Example[][] {
  return contrastPairs(task, "dev");
}

/** The examples of a split by contrast pair. One whose partner is missing or in the other split stands alone. */
export function contrastPairs(task: Task, split: Split): Example[][] {
  const pairs: Example[][] = [];
  task.examples.forEach((example, index) => {
    if (example.split !== split) return;
    const partner = example.pair === undefined ? undefined : task.examples[example.pair];
    const mutual = partner?.split === split && partner.pair === index && example.pair !== index;
    if (!mutual) pairs.push([example]);
    else if (example.pair! > index) pairs.push([example, partner]);
  });
  return pairs;
}
