import type { Command } from "commander";
import { InputError } from "@filigree/sites";
import { readNodeFile } from "../model/circuit-files.ts";
import { withModel } from "../model/with-model.ts";
import type { Session } from "../session.ts";

const HELP = `
An .svg is a picture, an .html a page with the picture and tables. Both stand alone: no scripts, nothing from elsewhere.
Layers go upward. Edges show sign, weight and, where the file has it, effect; dotted lines are the residual stream.
A node file does not say how many channels a head has: without --model the heads of a layer share a box.

Examples:
  $ filigree picture examples/quotes/quotes.nodes.json --model examples/models/python-small --out quotes.svg
  $ filigree picture quotes.nodes.json --out quotes.html`;

export function addPicture(program: Command, session: Session): void {
  program
    .command("picture")
    .description("draw a circuit")
    .argument("<circuit>", "a node file, as `filigree prune` writes it")
    .requiredOption("--out <file>", "the .svg or .html to write")
    .option("--model <dir>", "the model of the circuit, which tells its heads apart")
    .addHelpText("after", HELP)
    .action((path: string, options: { out: string; model?: string }) => picture(path, options, session));
}

async function picture(path: string, { out, model }: { out: string; model?: string }, session: Session): Promise<void> {
  const { circuitPage, circuitSvg } = await import("@filigree/pruners");
  const draw = { svg: circuitSvg, html: circuitPage }[/\.(svg|html)$/iu.exec(out)?.[1]!.toLowerCase() ?? ""];
  if (draw === undefined) {
    throw new InputError({
      what: "the name does not say what to draw",
      where: out,
      expected: ".svg or .html at its end",
    });
  }
  const drawn =
    model === undefined
      ? draw(await readNodeFile(path))
      : await withModel(model, "wasm", async (loaded) =>
          draw(await readNodeFile(path, loaded), { headSize: loaded.config.dHead }),
        );
  const { writeFileAtomically } = await import("@filigree/core");
  await writeFileAtomically(out, drawn);
  session.print(out);
}
