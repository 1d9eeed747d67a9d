import type { Inspection } from "../model/inspect.ts";
import { bytes, count, counted, loss, percent } from "./numbers.ts";
import type { Paint } from "./paint.ts";
import { pairs, table } from "./table.ts";

/** An inspection for a person. */
export function renderInspection(inspection: Inspection, paint: Paint): string {
  const sections: [string, string][] = [
    ["Model", overview(inspection, paint)],
    ["Weights by kind", kinds(inspection, paint)],
    ["Weights by matrix", matrices(inspection, paint)],
    ["Dead by their weights", layers(inspection, paint)],
    ["Files", files(inspection, paint)],
    ["Model card", card(inspection, paint)],
  ];
  return sections.map(([title, body]) => `${paint.bold(title)}\n${indent(body)}`).join("\n\n");
}

function overview({ directory, hash, config, means }: Inspection, paint: Paint): string {
  const { nLayer, dModel, nHead, dHead, dMlp, vocabSize, outSize, blockSize } = config;
  const selection =
    config.afrac === null ? "none" : `AbsTopK keeps ${percent(config.afrac)} at ${config.afracLoctypes.join(", ")}`;
  const extras = [config.sink && "attention sinks", config.bigram && "bigram table", config.bias && "biases"];
  const also = extras.filter((extra) => extra !== false).join(", ");
  return pairs(
    [
      ["path", directory],
      ["sha256", hash],
      ["layers", `${nLayer}, ${counted(dModel, "channel")}, MLP of ${counted(dMlp, "neuron")}`],
      ["heads", `${nHead} of ${counted(dHead, "channel")}, ${config.causal ? "causal" : "not causal"}`],
      ["tokens", `${count(vocabSize)} in, ${count(outSize)} out, ${count(blockSize)} at most in a prompt`],
      ["norm", config.norm === "rms" ? "RMSNorm" : "none"],
      ["activation", config.activation],
      ["positions", config.positions === "added" ? "learned, added to the embedding" : "none"],
      ["selection", selection],
      ["also", also === "" ? "–" : also],
      [
        "means",
        means.length === 0 ? "none: no circuit can be pruned or scored" : `of ${counted(means.length, "site")}`,
      ],
    ],
    paint,
  );
}

function kinds({ kinds }: Inspection, paint: Paint): string {
  const rows = kinds.map(({ role, nonzero, of, density }) => [role, count(nonzero), count(of), percent(density)]);
  return table([{ title: "kind" }, ...COUNTS], rows, paint);
}

function matrices({ parameters }: Inspection, paint: Paint): string {
  const rows = parameters.map(({ name, shape, nonzero, of, density }) => [
    name,
    shape.join(" × "),
    count(nonzero),
    count(of),
    percent(density),
  ]);
  return table([{ title: "parameter" }, { title: "shape", align: "right" }, ...COUNTS], rows, paint);
}

const COUNTS = [
  { title: "nonzero", align: "right" },
  { title: "of", align: "right" },
  { title: "density", align: "right" },
] as const;

function layers({ layers }: Inspection, paint: Paint): string {
  const rows = layers.map(({ layer, neurons, heads }) => [
    String(layer),
    `${count(neurons.dead)} of ${count(neurons.of)}`,
    heads.dead.length === 0 ? `0 of ${heads.of}` : `${heads.dead.length} of ${heads.of}: ${heads.dead.join(", ")}`,
  ]);
  return table(
    [{ title: "layer", align: "right" }, { title: "neurons", align: "right" }, { title: "heads" }],
    rows,
    paint,
  );
}

function files({ files }: Inspection, paint: Paint): string {
  return table(
    [{ title: "file" }, { title: "size", align: "right" }],
    files.map((file) => [file.name, bytes(file.bytes)]),
    paint,
  );
}

function card({ card }: Inspection, paint: Paint): string {
  if (!card) return "none";
  const { name, command, codeVersion, data, sparsifier, steps, seed, losses } = card;
  return pairs(
    [
      ["name", name],
      ["made by", command],
      ["with", `filigree ${codeVersion}`],
      ["data", `${data.description}: ${counted(data.files, "file")}, ${counted(data.tokens, "token")}`],
      ["data sha256", data.sha256],
      ["sparsifier", `${sparsifier.name} ${JSON.stringify(sparsifier.options)}`],
      ["steps", `${count(steps)}, seed ${seed}`],
      ["losses", `${loss(losses.train)} train, ${loss(losses.heldOut)} held out (nats per token)`],
    ],
    paint,
  );
}

function indent(text: string): string {
  return text.replace(/^/gmu, "  ");
}
