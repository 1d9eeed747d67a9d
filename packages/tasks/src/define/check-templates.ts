import { InputError } from "@filigree/core";
import { normalName, type Split } from "../task.ts";
import type { TaskTemplates } from "./define-task.ts";
import { slotsIn, withoutSlots } from "./fill-template.ts";

const SPLITS = ["dev", "test"] as const;

/** Checks that the parts of a task fit together. */
export function checkTemplates(task: TaskTemplates): void {
  const fail = (what: string, expected?: string): never => {
    throw new InputError({ what, where: `task ${task.name}`, ...(expected === undefined ? {} : { expected }) });
  };
  const cases = Object.values(task.cases);
  if (cases.length !== 2) return fail(`${cases.length} cases`, "two cases, by name");
  const decided = new Set(cases.flatMap(({ slots }) => Object.keys(slots)));
  for (const { slots, positions = {} } of cases) {
    const missing = [...decided].find((slot) => !Object.hasOwn(slots, slot));
    if (missing !== undefined) fail(`only one case fills the slot "${missing}"`, "both cases to fill the same slots");
    const empty = task.positions.find((slot) => slots[slot] === "");
    if (empty !== undefined) fail(`the position "${empty}" has no text in one case`, "a slot that is never empty");
    const own = Object.keys(cases[0]!.positions ?? {}).join();
    if (Object.keys(positions).join() !== own) fail("the cases name different positions");
  }
  const positions = [...task.positions, ...Object.keys(cases[0]!.positions ?? {})].map(normalName);
  if (!positions.includes(normalName(task.decides.anchor))) {
    fail(`the anchor "${task.decides.anchor}" is no position`, `one of ${positions.join(", ")}`);
  }
  const reserved = positions.find((name) => /^(?:first|last|all|\d+)$/u.test(name));
  if (reserved !== undefined) fail(`a position cannot be called "${reserved}"`, "another name");
  for (const split of SPLITS) checkSplit(task, split, decided, fail);
  checkDisjoint(literalTexts(task, "dev"), literalTexts(task, "test"), "template", fail);
  checkDisjoint(wordsOf(task, "dev"), wordsOf(task, "test"), "word", fail);
}

type Fail = (what: string, expected?: string) => never;

function checkSplit(task: TaskTemplates, split: Split, decided: ReadonlySet<string>, fail: Fail): void {
  const templates = task.templates[split];
  if (templates.length === 0) fail(`no ${split} templates`);
  const always = [
    ...task.nuisances,
    ...task.positions,
    ...(task.decides.slot === undefined ? [] : [task.decides.slot]),
    ...Object.values(task.cases).flatMap((one) => Object.values(one.positions ?? {})),
  ];
  for (const template of templates) {
    const missing = always.find((slot) => !slotsIn(template).includes(slot));
    if (missing !== undefined) fail(`the template ${JSON.stringify(template)} has no slot "${missing}"`);
  }
  const texts = [
    ...templates,
    ...wordsOf(task, split),
    ...Object.values(task.cases).flatMap(({ answer, slots }) => [answer, ...Object.values(slots)]),
  ];
  for (const slot of texts.flatMap(slotsIn)) {
    if (decided.has(slot)) continue;
    if (!task.words[split][slot]?.length) fail(`the slot "${slot}" has no ${split} words`);
  }
}

/** What each template says whatever its slots hold. */
function literalTexts(task: TaskTemplates, split: Split): string[] {
  return task.templates[split].map((template) => withoutSlots(template));
}

function wordsOf(task: TaskTemplates, split: Split): string[] {
  return Object.values(task.words[split]).flat();
}

function checkDisjoint(dev: readonly string[], test: readonly string[], noun: string, fail: Fail): void {
  const shared = dev.find((text) => test.includes(text));
  if (shared !== undefined)
    fail(`the ${noun} ${JSON.stringify(shared)} is in both splits`, `a ${noun} in one split only`);
}
