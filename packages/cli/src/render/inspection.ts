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
    ["Weights into and out of a node", degrees(inspection, paint)],
    ["Dead by their weights", layers(inspection, paint)],
    ["Size", files(inspection, paint)],
    ["Model card", card(inspection, paint)],
    ...(inspection.notes.length > 0 ? [["Passed over", inspection.notes.join("\n")] as [string, string]] : []),
  ];
  return sections.map(([title, body]) => `${paint.bold(title)}\n${indent(body)}`).join("\n\n");
}

const POSITIONS: Record<Inspection["config"]["positions"], string> = {
  none: "none",
  added: "learned, added to the embedding",
  concatenated: "learned, read beside the residual stream",
  sinusoidal: "waves, read beside the residual stream",
};

function overview({ directory, hash, config, means }: Inspection, paint: Paint): string {
  const { nLayer, dModel, nHead, dHead, dMlp, vocabSize, outSize, blockSize } = config;
  const selection =
    config.afrac === null ? "none" : `AbsTopK keeps ${percent(config.afrac)} at ${config.afracLoctypes.join(", ")}`;
  const extras = [
    config.sink && "attention sinks",
    config.bigram && "bigram table",
    config.bias && "biases",
    config.tiedUnembed && "the embedding is the unembedding too",
    config.residualActivation === "relu" && "relu on the residual stream",
  ];
  const also = extras.filter((extra) => extra !== false).join(", ");
  return pairs(
    [
      ["path", directory],
      ["sha256", hash],
      ["layers", `${nLayer}, ${counted(dModel, "channel")}, MLP of ${counted(dMlp, "neuron")}`],
      ["heads", `${nHead} of ${counted(dHead, "channel")}, ${config.causal ? "causal" : "not causal"}`],
      ["tokens", `${count(vocabSize)} in, ${count(outSize)} out, ${count(blockSize)} at most in a prompt`],
      ["norm", { rms: "RMSNorm", layer: "layer norm", none: "none" }[config.norm]],
      ["activation", config.activation],
      ["positions", POSITIONS[config.positions]],
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

function degrees({ layers }: Inspection, paint: Paint): string {
  const rows = layers.flatMap(({ sites }) =>
    sites.map(({ site, of, in: into, out, dead }) => [
      site,
      count(of),
      ...[into, out].flatMap((side) => (side ? [String(side.median), count(side.max)] : ["–", "–"])),
      count(dead),
    ]),
  );
  const titles = ["nodes", "in, median", "max", "out, median", "max", "dead"];
  return table([{ title: "site" }, ...titles.map((title) => ({ title, align: "right" as const }))], rows, paint);
}

function layers({ layers, stream }: Inspection, paint: Paint): string {
  const rows = layers.map(({ layer, neurons, heads }) => [
    String(layer),
    `${count(neurons.dead)} of ${count(neurons.of)}`,
    heads.dead.length === 0 ? `0 of ${heads.of}` : `${heads.dead.length} of ${heads.of}: ${heads.dead.join(", ")}`,
  ]);
  const parts = table(
    [{ title: "layer", align: "right" }, { title: "neurons", align: "right" }, { title: "heads" }],
    rows,
    paint,
  );
  const { dead, of, unwritten, unread } = stream;
  const channels = `residual channels: ${count(dead)} of ${count(of)} dead (${count(unwritten)} never written, ${count(unread)} never read)`;
  return `${parts}\n${channels}`;
}

function files({ files, memoryBytes }: Inspection, paint: Paint): string {
  const rows = files.map((file) => [file.name, bytes(file.bytes)]);
  return table(
    [{ title: "file" }, { title: "size", align: "right" }],
    [...rows, ["parameters in memory", bytes(memoryBytes)]],
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
