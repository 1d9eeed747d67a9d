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
    const parts = [
      `step ${count(progress.step)} of ${count(progress.steps)}`,
      `loss ${loss(progress.loss)}`,
      ...(heldOut === undefined ? [] : [`held out ${loss(heldOut)}`]),
      `${percent(progress.density)} of the weights`,
      `${count(progress.tokensPerSecond)} tokens/s`,
      `${duration(progress.secondsLeft)} left`,
    ];
    return parts.join(" · ");
  };
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
      ["trained", `${counted(steps, "step")} on ${counted(data.tokens, "token")} of ${counted(data.files, "file")}`],
      [
        "loss",
        `${loss(losses.heldOut)} on files kept out of training, ${loss(losses.train)} on the others (nats per token)`,
      ],
      ...shares,
    ],
    paint,
  );
}
