// Prints the tables of docs/models.md: node tools/models-table.mjs
//
// Reads each model's card in examples/models, the scores in examples/models/NAME/scores.json, which
//   filigree eval examples/models/NAME --json > examples/models/NAME/scores.json
// wrote, and how long its training took from examples/models/minutes.json.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const MODELS = "examples/models";
const ACCURACY = 0.95;
const LOSS = 0.15;

const minutes = readJson(join(MODELS, "minutes.json"));
const models = Object.keys(minutes).map((name) => ({
  name,
  card: readJson(join(MODELS, name, "model-card.json")),
  config: readJson(join(MODELS, name, "config.json")),
  scores: readJson(join(MODELS, name, "scores.json")).tasks,
}));

print(
  ["model", "layers × width", "block weights", "of them", "other weights", "held-out loss", "tasks", "minutes"],
  models.map(({ name, card, config, scores }) => {
    const { block, embedding, unembedding } = card.nonzeros;
    return [
      `[\`${name}\`](../${MODELS}/${name})`,
      `${config.n_layer} × ${config.d_model}`,
      block.nonzero.toLocaleString("en"),
      `${((100 * block.nonzero) / block.of).toFixed(1)} %`,
      (embedding.nonzero + unembedding.nonzero).toLocaleString("en"),
      card.losses.heldOut.toFixed(3),
      `${scores.filter(reaches).length} of ${scores.length}`,
      minutes[name] ?? "",
    ];
  }),
);

print(
  ["task", ...models.map(({ name }) => `\`${name}\``)],
  models[0].scores.map((_, row) => [
    `\`${models[0].scores[row].name}\``,
    ...models.map(({ scores }) => cell(scores[row])),
  ]),
);

function reaches({ accuracy, loss }) {
  return accuracy >= ACCURACY && loss <= LOSS;
}

function cell(score) {
  const text = `${(100 * score.accuracy).toFixed(1)} %, ${score.loss.toFixed(3)}`;
  return reaches(score) ? `**${text}**` : text;
}

function print(head, rows) {
  for (const row of [head, head.map(() => "---"), ...rows]) console.log(`| ${row.join(" | ")} |`);
  console.log();
}

function readJson(path) {
  if (!existsSync(path)) throw new Error(`${path} is missing; see the head of this file`);
  return JSON.parse(readFileSync(path, "utf8"));
}
