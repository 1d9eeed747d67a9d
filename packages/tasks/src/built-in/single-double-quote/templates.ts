import type { RandomStream } from "@filigree/core";
import type { Draft } from "../../define/definition.ts";
import type { Split } from "../../task.ts";
import { stringBodies, type BodyKind } from "./string-bodies.ts";
import { quoteDrafts } from "./quote-drafts.ts";

/** A line up to its opening bracket, what its string says, and how far it may be indented, in spaces. */
interface Template {
  readonly before: string;
  readonly body: BodyKind;
  readonly indents: readonly number[];
}

/** No line is in both. */
const TEMPLATES: Readonly<Record<Split, readonly Template[]>> = {
  test: [
    { before: "raise ValueError", body: "message", indents: [4, 8, 12, 16] },
    { before: "print", body: "message", indents: [0, 4, 8, 12] },
    { before: "value = options.get", body: "name", indents: [4, 8, 12] },
    { before: "logger.info", body: "message", indents: [4, 8, 12] },
    { before: "raise RuntimeError", body: "message", indents: [8, 12, 16] },
    { before: "self.assertIn", body: "name", indents: [8, 12] },
    { before: "self.fail", body: "message", indents: [8, 12, 16] },
    { before: "path = os.path.abspath", body: "path", indents: [0, 4, 8] },
    { before: "parser.error", body: "message", indents: [4, 8] },
    { before: "return self.lookup", body: "name", indents: [8, 12] },
    { before: "raise OSError", body: "message", indents: [4, 8, 12] },
    { before: "with open", body: "path", indents: [4, 8] },
  ],
  dev: [
    { before: "raise TypeError", body: "message", indents: [4, 8, 12, 16] },
    { before: "warnings.warn", body: "message", indents: [4, 8, 12] },
    { before: "field = row.pop", body: "name", indents: [4, 8, 12] },
    { before: "log.debug", body: "message", indents: [4, 8, 12] },
    { before: "raise KeyError", body: "message", indents: [8, 12, 16] },
    { before: "self.assertTrue", body: "name", indents: [8, 12] },
    { before: "self.skipTest", body: "message", indents: [8, 12] },
    { before: "os.remove", body: "path", indents: [0, 4, 8] },
    { before: "sys.exit", body: "message", indents: [0, 4, 8] },
    { before: "yield self.token", body: "name", indents: [8, 12] },
    { before: "out.write", body: "message", indents: [4, 8, 12] },
    { before: "os.makedirs", body: "path", indents: [4, 8] },
  ],
};

/**
 * Prompts from templates, the templates taking turns, each string used once; as many as the strings of the kind that
 * is used up first allow.
 */
export function* templatePrompts(
  split: Split,
  random: RandomStream,
): Generator<{ template: string; drafts: readonly [Draft, Draft] }> {
  const bodies: Readonly<Record<BodyKind, string[]>> = {
    message: random.shuffle(stringBodies(split, "message")),
    name: random.shuffle(stringBodies(split, "name")),
    path: random.shuffle(stringBodies(split, "path")),
  };
  const templates = TEMPLATES[split];
  for (let turn = 0; ; turn++) {
    const template = templates[turn % templates.length]!;
    const body = bodies[template.body].pop();
    if (body === undefined) return;
    const indent = template.indents[random.integer(template.indents.length)]!;
    yield { template: template.before, drafts: quoteDrafts({ before: " ".repeat(indent) + template.before, body }) };
  }
}
