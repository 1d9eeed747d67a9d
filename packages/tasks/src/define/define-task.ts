import type { RandomStream } from "@filigree/core";
import { normalName, type Split } from "../task.ts";
import { checkTemplates } from "./check-templates.ts";
import type { Draft, DraftPair, PromptSource, TaskDefinition } from "./definition.ts";
import { Filling, type Slots, type Words } from "./fill-template.ts";

/** One of the two forms that every prompt has. */
export interface Case {
  /** The text that follows the prompt in this case; in the other case it is the foil. May hold slots. */
  readonly answer: string;
  /** What stands in the slots that the case decides. */
  readonly slots: Slots;
  /** Positions that the case decides: name → slot. */
  readonly positions?: Readonly<Record<string, string>>;
}

/**
 * A task as data. A template is the text of a prompt with slots, `$name`; each prompt fills them with words, and its
 * contrast partner with the same words but the other case.
 */
export interface TaskTemplates {
  /** As written after `task` in a hypothesis. */
  readonly name: string;
  /** One plain sentence: what the model is asked. */
  readonly summary: string;
  /**
   * The feature that decides the answer. Its value is the name of the case, or what a slot holds. `anchor` is the
   * position where the prompt shows it.
   */
  readonly decides: { readonly feature: string; readonly anchor: string; readonly slot?: string };
  /** The two cases by name. */
  readonly cases: Readonly<Record<string, Case>>;
  /** Slots whose words are features that should not matter. */
  readonly nuisances: readonly string[];
  /** Slots whose last token, where they first occur, is a position. */
  readonly positions: readonly string[];
  /** Templates of each split. They share no text. */
  readonly templates: Readonly<Record<Split, readonly string[]>>;
  /** Words of each slot that no case decides. A word belongs to one split, and may hold slots itself. */
  readonly words: Readonly<Record<Split, Words>>;
}

/** Pairs of each split. */
const PAIRS = 500;

/** Longer than this a prompt of one behaviour need not be. */
const MAX_TOKENS = 256;

/**
 * Makes a task from templates, for `loadTask`. Everything is drawn and cut into tokens there, in the model's
 * vocabulary.
 *
 * @throws InputError where the parts do not fit together, or the splits share a template or a word.
 */
export function defineTask(task: TaskTemplates): TaskDefinition {
  checkTemplates(task);
  const { name, summary, decides, nuisances } = task;
  const positions = [...task.positions, ...Object.keys(Object.values(task.cases)[0]!.positions ?? {})];
  return {
    name,
    summary,
    features: [
      { name: normalName(decides.feature), nuisance: false, anchor: normalName(decides.anchor) },
      ...nuisances.map((slot) => ({
        name: normalName(slot),
        nuisance: true,
        ...(positions.includes(slot) ? { anchor: normalName(slot) } : {}),
      })),
    ],
    positions: positions.map(normalName),
    maxTokens: MAX_TOKENS,
    sources: (["test", "dev"] as const).map((split): PromptSource => {
      const drafts = (random: RandomStream) => draftsOf(task, split, random);
      return { name: `${split} prompts`, split, pairs: PAIRS, drafts };
    }),
  };
}

/** Pairs without end, the templates taking turns. */
function* draftsOf(task: TaskTemplates, split: Split, random: RandomStream): Generator<DraftPair> {
  for (;;) {
    for (const template of task.templates[split]) {
      const filling = new Filling(task.words[split], random);
      const [first, second] = Object.keys(task.cases) as [string, string];
      const drafts = [
        draft(task, template, filling, first, second),
        draft(task, template, filling, second, first),
      ] as const;
      yield { template, drafts };
    }
  }
}

function draft(task: TaskTemplates, template: string, filling: Filling, own: string, other: string): Draft {
  const { answer, slots, positions = {} } = task.cases[own]!;
  const { decides, nuisances } = task;
  const named = Object.fromEntries([
    ...task.positions.map((slot) => [slot, normalName(slot)]),
    ...Object.entries(positions).map(([position, slot]) => [slot, normalName(position)]),
  ]) as Slots;
  const prompt = filling.pieces(template, slots, named);
  const values = nuisances.map((slot) => [normalName(slot), filling.text(`$${slot}`, slots)]);
  const decided = decides.slot === undefined ? own : filling.text(`$${decides.slot}`, slots);
  return {
    prompt,
    answer: filling.text(answer, slots),
    foil: filling.text(task.cases[other]!.answer, task.cases[other]!.slots),
    features: { [normalName(decides.feature)]: decided, ...Object.fromEntries(values) },
  };
}
