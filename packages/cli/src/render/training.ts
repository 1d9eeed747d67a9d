import { join } from "node:path";
import type { ModelCard } from "@filigree/core";
import type { TrainingProgress } from "@filigree/training";
import { count, counted, duration, loss, percent } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { pairs } from "./table.ts";

/** Says where a training run is, in a line; the held-out loss stays in it until the next one is measured. */
export function trainingProgress(): (progress: TrainingProgress) => string {
  let heldOut: number | undefined;
  return (progress) => {
    if (progress.phase !== "training") return `${progress.phase}…`;
    heldOut = progress.heldOut ?? heldOut;
    // What matters most comes first: a narrow terminal cuts the line.
    const parts = [
      `step ${count(progress.step)} of ${count(progress.steps)}`,
      `${duration(progress.secondsLeft)} left`,
      `loss ${loss(progress.loss)}`,
      ...(heldOut === undefined ? [] : [`held out ${loss(heldOut)}`]),
      `${count(progress.tokensPerSecond)} tokens/s`,
      `${percent(progress.density)} of the weights`,
    ];
    return parts.join(" · ");
  };
}

/** So many are named. */
const NAMED_FILES = 20;

/** A note on files that were left out because they are not UTF-8 text. */
export function skippedFiles(paths: readonly string[]): string {
  const more = paths.length > NAMED_FILES ? [`  and ${count(paths.length - NAMED_FILES)} more`] : [];
  const named = paths.slice(0, NAMED_FILES).map((path) => `  ${path}`);
  return [`note: left out, because not UTF-8 text: ${counted(paths.length, "file")}`, ...named, ...more].join("\n");
}

/** What a finished run made. */
export function renderTraining(folder: string, card: ModelCard, paint: Paint): string {
  const { nonzeros, losses, steps, data } = card;
  const shares = Object.entries(nonzeros)
    .filter(([, { of }]) => of > 0)
    .map(([kind, { nonzero, of }]): [string, string] => [
      kind,
      `${count(nonzero)} of ${counted(of, "weight")} are not zero (${percent(nonzero / of)})`,
    ]);
  return pairs(
    [
      ["model", `${card.name}, in ${folder}`],
      ["trained", `${counted(steps, "step")} on ${counted(data.tokens, "token")} of ${counted(data.files, "text")}`],
      [
        "loss",
        `${loss(losses.heldOut)} on texts kept out of training, ${loss(losses.train)} on the others (nats per token)`,
      ],
      ...shares,
      ["curves", join(folder, "training.html")],
    ],
    paint,
  );
}
