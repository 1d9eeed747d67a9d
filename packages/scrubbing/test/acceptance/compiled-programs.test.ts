import { disposeModel } from "@filigree/core";
import type { Task } from "@filigree/tasks";
import { expect, test } from "vitest";
import { checkText, hypothesisOf } from "../support/check-text.ts";
import { ExactFigures } from "../support/exact-figures.ts";
import { mutantsOf, textOf, type Choices, type ClaimForm } from "../support/mutants.ts";
import { closeQuoteTask, histTask, inductionTask, loadProgram, prevTokenTask } from "../support/programs.ts";

interface Program {
  readonly name: string;
  readonly task: () => Task;
  readonly truths: readonly ClaimForm[];
  readonly choices: Choices;
  /** How many mutants are false by enumeration, and how many are true after all. */
  readonly falsified: number;
  readonly stillTrue: number;
}

const carries = (site: string, at: string, feature: string): ClaimForm => ({ verb: "carries", site, at, feature });
const copies = (site: string, feature: string, from: string, to: string): ClaimForm => ({
  verb: "copies",
  site,
  feature,
  from,
  to,
});
const attends = (site: string, from: string, to: string): ClaimForm => ({ verb: "attends", site, from, to, mass: 0.9 });

const PROGRAMS: readonly Program[] = [
  {
    name: "close_quote",
    task: closeQuoteTask,
    truths: [
      copies("attn L1", "quote type", "opener", "last"),
      carries("embed", "opener", "quote type"),
      carries("attn L1.v", "opener", "quote type"),
      carries("attn L1 head 0", "last", "quote type"),
      attends("attn L1 head 0", "last", "opener"),
    ],
    choices: {
      sites: ["embed", "attn L0", "mlp L0", "attn L1.q", "attn L1.k", "attn L1.v", "attn L1", "mlp L1", "resid L0"],
      movers: ["attn L0", "attn L1"],
      heads: ["attn L0 head 0", "attn L1 head 0"],
      positions: ["opener", "after", "first", "last"],
      features: ["quote type", "filler"],
    },
    falsified: 41,
    stillTrue: 2,
  },
  {
    name: "prev_token",
    task: prevTokenTask,
    truths: [
      copies("attn L0", "previous token", "previous", "last"),
      carries("embed", "previous", "previous token"),
      carries("attn L0 head 0", "last", "previous token"),
      carries("attn L0.v", "previous", "previous token"),
      attends("attn L0 head 0", "last", "previous"),
    ],
    choices: {
      sites: ["embed", "attn L0.q", "attn L0.v", "attn L0", "mlp L0", "resid L0"],
      movers: ["attn L0"],
      heads: ["attn L0 head 0"],
      positions: ["previous", "start", "first", "last"],
      features: ["previous token", "last token"],
    },
    falsified: 33,
    stillTrue: 2,
  },
  {
    name: "induction",
    task: inductionTask,
    truths: [
      copies("attn L1", "next token", "next", "last"),
      carries("embed", "next", "next token"),
      carries("attn L1 head 0", "last", "next token"),
      carries("attn L1.q", "last", "current token"),
      carries("attn L0 head 0", "next", "current token"),
      attends("attn L0 head 0", "next", "earlier"),
      attends("attn L1 head 0", "last", "next"),
    ],
    choices: {
      sites: ["embed", "attn L0.k", "attn L0.v", "attn L0", "attn L1.q", "attn L1.k", "attn L1.v", "attn L1"],
      movers: ["attn L0", "attn L1"],
      heads: ["attn L0 head 0", "attn L1 head 0"],
      positions: ["earlier", "next", "first", "last"],
      features: ["next token", "current token"],
    },
    falsified: 58,
    stillTrue: 9,
  },
  {
    name: "hist",
    task: histTask,
    truths: [
      carries("attn L0 head 0", "last", "count"),
      carries("mlp L0.neurons", "last", "count"),
      carries("embed", "last", "last token"),
      carries("attn L0.q", "last", "last token"),
    ],
    choices: {
      sites: ["embed", "attn L0.q", "attn L0.k", "attn L0.v", "attn L0", "mlp L0", "resid L0"],
      movers: [],
      heads: [],
      positions: ["start", "first", "last"],
      features: ["count", "last token"],
    },
    falsified: 18,
    stillTrue: 4,
  },
];

test.each(PROGRAMS)(
  "$name: what is true is supported, what is false never",
  async (program) => {
    const model = await loadProgram(program.name);
    const task = program.task();
    const mutants = mutantsOf(program.truths, program.choices);
    const text = ["donors 2", ...program.truths.map(textOf), ...mutants].join("\n");
    const exact = new ExactFigures(model, task);
    const truth = hypothesisOf(text, model, task).claims.map(({ statement }) => exact.holds(statement));
    const { claims } = await checkText(text, model, task);
    disposeModel(model);

    const judged = claims.map(({ text, verdict, figures }, i) => ({
      text,
      verdict,
      r: figures["r"]?.estimate ?? 0,
      holds: truth[i]!,
    }));
    const originals = judged.slice(0, program.truths.length);
    expect(originals).toEqual(originals.map((one) => ({ ...one, verdict: "supported", holds: true })));
    expect(Math.max(...originals.map(({ r }) => r))).toBeLessThan(1e-6);

    const changed = judged.slice(program.truths.length);
    const wronglySupported = changed.filter(({ verdict, holds }) => verdict === "supported" && !holds);
    const wronglyRefuted = changed.filter(({ verdict, holds }) => verdict === "refuted" && holds);
    expect(wronglySupported).toEqual([]);
    expect(wronglyRefuted).toEqual([]);
    const stillTrue = changed.filter(({ holds }) => holds);
    expect({ falsified: changed.length - stillTrue.length, stillTrue: stillTrue.length }).toEqual({
      falsified: program.falsified,
      stillTrue: program.stillTrue,
    });
  },
  120_000,
);
